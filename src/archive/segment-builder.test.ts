import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { fixtureEvents, readBinlogFixture } from '../../test/support/binlog-fixtures.ts'
import { decodeEvent } from '../binlog/binlog-event.ts'
import { eventType } from '../binlog/event-types.ts'
import { historyRuns } from '../core/history.ts'
import { decodeTransactions, type SegmentIndex } from '../core/segment-index.ts'
import { historySegments } from './history-segments.ts'
import { firstState, parseSegmentIndex } from './resume-state.ts'
import { SegmentBuilder } from './segment-builder.ts'

const server = { source: { flavour: 'mysql', serverId: 1, serverUuid: 'u' }, serverVersion: '9.7.4' } as const
const file = 'binlog.000001'

/** The segments that a file becomes when it is cut behind each of these events. */
function cutAt(name: string, cuts: readonly number[]): SegmentIndex[] {
  const indexes: SegmentIndex[] = []
  let state = firstState('0001-test', server)
  let builder = new SegmentBuilder(state, file)
  const events = fixtureEvents(name)
  for (const [i, event] of events.entries()) {
    builder.push(event, 1_800_000_000_000)
    if (!cuts.includes(i) && i < events.length - 1) continue
    const { index, next } = builder.seal()
    indexes.push(parseSegmentIndex(JSON.parse(JSON.stringify(index)), 'test'))
    state = next
    builder = new SegmentBuilder(state)
  }
  return indexes
}

test('wherever a file is cut, the transactions, GTIDs and times of the segments are those of the whole', () => {
  for (const name of ['mysql-9.7-shop', 'mysql-9.7-compressed', 'mysql-9.7-no-checksum']) {
    const [whole] = cutAt(name, [])
    assert.ok(whole !== undefined)
    const count = fixtureEvents(name).length
    for (let cut = 0; cut < count - 1; cut++) {
      const parts = cutAt(name, [cut])
      assert.deepEqual(
        parts.flatMap(decodeTransactions),
        decodeTransactions(whole),
        `${name} cut behind ${cut}`,
      )
      assert.equal(parts.at(-1)?.gtidAfter, whole.gtidAfter)
      assert.equal(parts[0]?.end, parts[1]?.start)
      assert.deepEqual(historyRuns(historySegments(parts)).gaps, [])
    }
  }
})

test('the chain stands for every byte before', () => {
  const [first, second] = cutAt('mysql-9.7-shop', [30])
  assert.ok(first !== undefined && second !== undefined)
  const bytes = readBinlogFixture('mysql-9.7-shop')
  const sha256 = (start: number, end: number): string =>
    createHash('sha256').update(bytes.subarray(start, end)).digest('hex')
  assert.equal(first.dataSha256, sha256(0, first.end))
  assert.equal(second.dataSha256, sha256(first.end, bytes.length))
  assert.equal(first.previousChain, '0'.repeat(64))
  assert.equal(second.previousChain, first.chain)
})

test('the chain stands for every word of an index, in whatever order they are stored', () => {
  const [index] = cutAt('mysql-9.7-shop', [])
  assert.ok(index !== undefined)
  const reversed = Object.fromEntries(Object.entries(index).toReversed())
  assert.equal(parseSegmentIndex(reversed, 'test').chain, index.chain)
  const { transactions, tail, lastArrivalMillis, source } = index
  const altered: object[] = [
    { lastArrivalMillis: lastArrivalMillis + 1 },
    { timeMicros: index.timeMicros + 1 },
    { source: { ...source, serverId: source.serverId + 1 } },
    { tail: { ...tail, offset: tail.offset + 1 } },
    { transactions: { ...transactions, kinds: transactions.kinds.replace('a', 'b') } },
    { ofANewerVersion: true },
  ]
  assert.throws(() => parseSegmentIndex({ ...index, gtidAfter: '0-1-7' }, 'test'), /what a server of mysql/)
  for (const change of altered) {
    assert.throws(
      () => parseSegmentIndex({ ...index, ...change }, 'test'),
      /chain value/,
      JSON.stringify(change),
    )
  }
})

test('another segment in place of one is a gap before the next', () => {
  const [first, second] = cutAt('mysql-9.7-shop', [30])
  assert.ok(first !== undefined && second !== undefined)
  const { gaps } = historyRuns(historySegments([{ ...first, chain: 'f'.repeat(64) }, second]))
  assert.equal(gaps.length, 1)
})

test('an archive that ends within a transaction counts only whole ones', () => {
  const events = fixtureEvents('mysql-9.7-shop')
  const xid = events.findIndex(({ header }) => header.type === eventType.xid)
  const builder = new SegmentBuilder(firstState('0001-test', server), file)
  for (const event of events.slice(0, xid)) builder.push(event, 0)
  assert.ok(builder.isInTransaction)
  const { index } = builder.seal()
  const [segment] = historySegments([index])
  assert.equal(segment?.end, index.openTransaction?.start)
  assert.equal(segment?.transactionCount, 3)
  assert.ok((segment?.end ?? 0) < index.end)
})

test('an incident is named with its place and the words of the source', () => {
  const events = fixtureEvents('mysql-9.7-shop')
  const builder = new SegmentBuilder(firstState('0001-test', server), file)
  for (const event of events.slice(0, 2)) builder.push(event, 0)
  const offset = builder.end
  const words = 'error writing to the binary log'
  const body = Buffer.concat([Buffer.from([1, 0, words.length]), Buffer.from(words)])
  const bytes = Buffer.alloc(19 + body.length + 4)
  bytes[4] = eventType.incident
  bytes.writeUInt32LE(bytes.length, 9)
  body.copy(bytes, 19)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4)
  const noticed = builder.push(decodeEvent(bytes, offset, events[0]?.format), 0)
  assert.equal(noticed.incident, words)
  const { index } = builder.seal()
  assert.deepEqual(index.incidents, [{ offset, message: words }])
  assert.equal(historySegments([index])[0]?.incidentAt, offset)
})

test('a file that says that other GTIDs came before it than are archived is noticed', () => {
  const [first] = cutAt('mysql-9.7-shop', [])
  assert.ok(first !== undefined)
  const state = { ...firstState('0001-test', server), seq: 2, file, offset: first.end, gtid: first.gtidAfter }
  const jumps = (gtid: string): unknown[] => {
    const builder = new SegmentBuilder({ ...state, gtid }, 'binlog.000002')
    return fixtureEvents('mysql-9.7-types')
      .map((event) => builder.push(event, 0).gtidJump)
      .filter((jump) => jump !== undefined)
  }
  assert.deepEqual(jumps(first.gtidAfter), [])
  assert.equal(jumps('').length, 1)
})
