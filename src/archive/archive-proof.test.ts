import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixtureEvents } from '../../test/support/binlog-fixtures.ts'
import type { SegmentIndex } from '../core/segment-index.ts'
import { archiveHoles, type FoundSegment } from './archive-proof.ts'
import { firstState } from './resume-state.ts'
import { SegmentBuilder } from './segment-builder.ts'

const server = { source: { flavour: 'mysql', serverId: 1, serverUuid: 'u' }, serverVersion: '9.7.4' } as const

/** The whole of one timeline. */
function segment(timeline: string): SegmentIndex {
  const builder = new SegmentBuilder(firstState(timeline, server), 'binlog.000001')
  for (const event of fixtureEvents('mysql-9.7-shop')) builder.push(event, 1_800_000_000_000)
  return builder.seal().index
}

const found = (...indexes: readonly SegmentIndex[]): FoundSegment[] =>
  indexes.map((index) => ({
    kind: 'sound',
    ref: { timeline: index.timeline, seq: index.seq, key: index.timeline, sizeBytes: 1 },
    index,
  }))

test('what a server that took over had purged, and nobody archived, is a hole between the two timelines', () => {
  const first = segment('0001-old')
  const [, uuid = '', last = ''] = /^([-0-9a-f]+):1-(\d+)/.exec(first.gtidAfter) ?? []
  assert.notEqual(uuid, '', first.gtidAfter)
  const begunWith = (gtidBefore: string): SegmentIndex => ({
    ...segment('0002-new'),
    origin: { reason: 'took over', after: { timeline: '0001-old', seq: 1, chain: first.chain } },
    gtidBefore,
    gtidAfter: gtidBefore,
    transactions: { skips: [], lengths: [], gtids: [], timeMicros: [], arrivalMillis: [], kinds: '' },
  })
  assert.deepEqual(archiveHoles(found(first, begunWith(`${uuid}:1-2`))), [], 'its log overlaps')
  assert.deepEqual(archiveHoles(found(first, begunWith(first.gtidAfter))), [], 'it goes on exactly')
  const lost = `${uuid}:${Number(last) + 1}-${Number(last) + 50}`
  const [hole, ...others] = archiveHoles(found(first, begunWith(`${uuid}:1-${Number(last) + 50}`)))
  assert.deepEqual(others, [])
  assert.equal(hole?.kind, 'loss')
  assert.equal(hole?.timeline, '0002-new')
  assert.ok(hole?.cause.startsWith(`${lost} was executed after the end of timeline 0001-old`), hole?.cause)
})
