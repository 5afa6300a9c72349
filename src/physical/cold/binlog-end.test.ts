// The ends of binary logs that break off: where the server died, and where the file is damaged.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { binlogFixtures, fixtureEvents, readBinlogFixture } from '../../../test/support/binlog-fixtures.ts'
import { GroupTracker } from '../../binlog/event-group.ts'
import { eventFlag } from '../../binlog/event-types.ts'
import { isHoldfastError } from '../../core/errors.ts'
import { type BinlogEnd, readBinlogEnd } from './binlog-end.ts'

/** Flags of the first event, which follows the four bytes that every log begins with. */
const flagsAt = 4 + 17

/** The log's first bytes, as its server left it that died, or that closed it. */
async function endOf(bytes: Buffer, state: 'closed' | 'open'): Promise<BinlogEnd> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-log-'))
  try {
    const log = Buffer.from(bytes)
    const flags = log.readUInt16LE(flagsAt)
    const inUse = eventFlag.binlogInUse
    log.writeUInt16LE(state === 'open' ? flags | inUse : flags & ~inUse, flagsAt)
    const file = path.join(folder, 'binlog.000007')
    await writeFile(file, log)
    return await readBinlogEnd(file)
  } finally {
    await rm(folder, { recursive: true })
  }
}

for (const name of binlogFixtures) {
  test(`the end of a log is not before any of its commits, to the microsecond (${name})`, async () => {
    const groups = new GroupTracker()
    let latest = 0
    for (const event of fixtureEvents(name)) {
      const { place } = groups.push(event)
      // What a transaction's headers say is what its client said.
      const ownMicros = place === 'outside' ? event.header.timestamp * 1_000_000 : 0
      latest = Math.max(latest, groups.group?.commitMicros ?? 0, ownMicros)
    }
    const { point } = await endOf(readBinlogFixture(name), 'open')
    assert.ok(point.timeMicros >= latest, `${point.timeMicros} is before ${latest}`)
  })

  const bytes = readBinlogFixture(name)
  const events = fixtureEvents(name)
  const groups = new GroupTracker()
  // The last event after which a transaction is open.
  const within = events.filter((event) => (groups.push(event), groups.isInGroup)).at(-1)
  if (within === undefined) continue
  const eventEnd = within.offset + within.bytes.length

  for (const [what, cut] of [
    ['within an event', eventEnd - 1],
    ['within a transaction', eventEnd],
  ] as const) {
    test(`a log that breaks off ${what} is damaged where it was closed, and ends before where its server died (${name})`, async () => {
      await assert.rejects(
        endOf(bytes.subarray(0, cut), 'closed'),
        (error) => isHoldfastError(error, 'FAILED') && /binlog\.000007 is damaged/.test(error.message),
      )
      const { isClosed, point } = await endOf(bytes.subarray(0, cut), 'open')
      assert.equal(isClosed, false)
      assert.ok((point.position?.offset ?? Infinity) < eventEnd)
    })
  }
}
