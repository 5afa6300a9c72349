import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SemiSync } from '../../instance/semi-sync.ts'
import { checkSemiSync } from './semi-sync-checks.ts'

const good: SemiSync = {
  prefix: 'rpl_semi_sync_source_',
  isEnabled: true,
  waitPoint: 'AFTER_SYNC',
  timeoutMs: 4_294_967_295,
  wanted: 1,
  canSetWanted: true,
  waitsForNobody: true,
  isWaiting: true,
  replicas: 1,
  unacknowledged: 0,
}

function bad(semiSync: SemiSync | undefined, isWanted = true) {
  return checkSemiSync({ flavour: 'mysql', semiSync }, isWanted).filter(({ status }) => status !== 'ok')
}

test('a source that waits for the archive alone, and for as long as it takes, passes', () => {
  assert.deepEqual(bad(good), [])
})

test('each thing through which a commit can be lost is found, with the statement that mends it', () => {
  const mariadb = { ...good, prefix: 'rpl_semi_sync_master_', canSetWanted: false }
  const table: readonly [SemiSync, string, RegExp][] = [
    [
      { ...good, waitPoint: 'AFTER_COMMIT' },
      'semi-sync wait point',
      /SET GLOBAL rpl_semi_sync_source_wait_point = 'AFTER_SYNC'/,
    ],
    [
      { ...good, timeoutMs: 10_000 },
      'semi-sync time-out',
      /SET GLOBAL rpl_semi_sync_source_timeout = 4294967295/,
    ],
    [
      { ...good, waitsForNobody: false },
      'semi-sync alone',
      /SET GLOBAL rpl_semi_sync_source_wait_no_replica = ON/,
    ],
    [
      { ...mariadb, waitsForNobody: false },
      'semi-sync alone',
      /SET GLOBAL rpl_semi_sync_master_wait_no_slave = ON/,
    ],
    [
      { ...good, replicas: 2 },
      'semi-sync replicas',
      /SET GLOBAL rpl_semi_sync_source_wait_for_replica_count = 2/,
    ],
    [{ ...mariadb, replicas: 2 }, 'semi-sync replicas', /rpl_semi_sync_slave_enabled off/],
    [{ ...good, isWaiting: false }, 'semi-sync', /stream --semi-sync/],
  ]
  for (const [semiSync, name, hint] of table) {
    const [check, ...others] = bad(semiSync)
    assert.deepEqual([check?.name, check?.status, others], [name, 'warn', []])
    assert.match(check?.hint ?? '', hint)
  }
})

test('a source that does not wait fails only where it is to wait', () => {
  assert.match(
    bad(undefined)[0]?.hint ?? '',
    /^INSTALL PLUGIN .* SET GLOBAL rpl_semi_sync_source_enabled = ON/,
  )
  assert.equal(bad({ ...good, isEnabled: false })[0]?.status, 'fail')
  assert.deepEqual(bad(undefined, false), [])
  assert.deepEqual(bad({ ...good, isEnabled: false }, false), [])
})
