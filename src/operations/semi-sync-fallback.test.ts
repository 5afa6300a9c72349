import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SemiSyncFallback } from './semi-sync-fallback.ts'

const good = { isEnabled: true, isWaiting: true, replicas: 1, wanted: 1, unacknowledged: 7 }

function told(looks: readonly Parameters<SemiSyncFallback['note']>[0][]): string[] {
  const notices: string[] = []
  const fallback = new SemiSyncFallback((event) => {
    if (event.type === 'notice') notices.push(`${event.level}: ${event.message}`)
  })
  for (const look of looks) fallback.note(look)
  return notices
}

test('a source that waits all the time is not talked of', () => {
  assert.deepEqual(told([good, good, { ...good, unacknowledged: 0 }, good].slice(0, 3)), [])
})

test('a fall-back and its end are told once each, with what went without', () => {
  const away = { ...good, isWaiting: false, unacknowledged: 9 }
  const notices = told([
    good,
    away,
    { ...away, unacknowledged: 12 },
    { ...good, unacknowledged: 15 },
    { ...good, unacknowledged: 15 },
  ])
  assert.equal(notices.length, 2)
  assert.match(notices[0] ?? '', /^warning: the source has fallen back to asynchronous replication/)
  assert.equal(notices[1], 'info: the source waits for the archive again; 8 commits went without')
})

test('a fall-back between two looks is told too', () => {
  assert.deepEqual(told([good, { ...good, unacknowledged: 8 }]), [
    'warning: the source did not wait for the archive for a while: 1 commit went without; it waits again',
  ])
})

test('switching it off is told, and so is a replica that acknowledges before us', () => {
  assert.match(
    told([good, { ...good, isEnabled: false, isWaiting: false }])[0] ?? '',
    /is not enabled on the source/,
  )
  assert.match(told([good, undefined])[0] ?? '', /is not enabled on the source/)
  assert.deepEqual(told([undefined, undefined]), [])
  const shared = { ...good, replicas: 2 }
  const notices = told([shared, shared])
  assert.equal(notices.length, 1)
  assert.match(notices[0] ?? '', /^warning: 2 replicas acknowledge and the source waits for 1/)
})
