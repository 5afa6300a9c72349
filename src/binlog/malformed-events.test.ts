import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { asyncly, binlogFixtures, fixtureEvents } from '../../test/support/binlog-fixtures.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { BinlogEvent } from './binlog-event.ts'
import { readCompressedBytes } from './compressed-bytes.ts'
import { decodeIncident, decodePreviousGtids, decodeRotate, decodeRowsStatement } from './control-events.ts'
import { decodeEventHeader } from './event-header.ts'
import { eventType } from './event-types.ts'
import { decodeFormatDescription } from './format-description.ts'
import { decodeGtidList, decodeMariadbGtid } from './mariadb-gtid-event.ts'
import { decodeMysqlGtid } from './mysql-gtid-event.ts'
import { decodeQuery } from './query-event.ts'
import { countRows, isRowsEvent } from './rows-event.ts'
import { readSignedVarint, readVarint } from './serialized-fields.ts'
import { decodeIntvar, decodeRand, decodeUserVariable } from './session-value-events.ts'
import { decodeTableMap, type TableMap } from './table-map-event.ts'
import { transactions } from './transaction.ts'
import { unpackTransactionPayload } from './transaction-payload.ts'

const decoders = new Map<number, (event: BinlogEvent) => unknown>([
  [eventType.query, decodeQuery],
  [eventType.queryCompressed, decodeQuery],
  [eventType.rotate, decodeRotate],
  [eventType.previousGtids, decodePreviousGtids],
  [eventType.incident, decodeIncident],
  [eventType.rowsQuery, decodeRowsStatement],
  [eventType.annotateRows, decodeRowsStatement],
  [eventType.formatDescription, ({ bytes, offset }) => decodeFormatDescription(bytes, offset)],
  [eventType.gtidList, decodeGtidList],
  [eventType.mariadbGtid, decodeMariadbGtid],
  [eventType.gtid, decodeMysqlGtid],
  [eventType.gtidTagged, decodeMysqlGtid],
  [eventType.anonymousGtid, decodeMysqlGtid],
  [eventType.intvar, decodeIntvar],
  [eventType.rand, decodeRand],
  [eventType.userVar, decodeUserVariable],
  [eventType.tableMap, decodeTableMap],
])

/** Decodes whatever can be decoded of an event; the table map is the one that stood before it. */
async function decodeAll(event: BinlogEvent, table: TableMap | undefined): Promise<void> {
  decoders.get(event.header.type)?.(event)
  if (isRowsEvent(event) && table !== undefined) countRows(event, table)
  if (event.header.type === eventType.transactionPayload) {
    for await (const inner of unpackTransactionPayload(event)) assert.ok(inner.bytes.length >= 19)
  }
}

function isMalformedOrFine(run: () => Promise<void>): Promise<void> {
  return run().catch((error: unknown) => {
    assert.ok(error instanceof MalformedDataError, String(error instanceof Error ? error.stack : error))
  })
}

const events = binlogFixtures.flatMap((name) => {
  let table: TableMap | undefined
  return fixtureEvents(name).map((event) => {
    if (event.header.type === eventType.tableMap) table = decodeTableMap(event)
    return { event, table }
  })
})

test('bytes changed behind the back of the checksum are MalformedDataError or other values, never anything else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: events.length - 1 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
      async (index, changes) => {
        const { event, table } = events[index]!
        const bytes = Buffer.from(event.bytes)
        for (const [at, value] of changes) bytes[19 + (at % Math.max(1, bytes.length - 19))] = value
        await isMalformedOrFine(() => decodeAll({ ...event, bytes }, table))
      },
    ),
    { numRuns: 3000 },
  )
})

test('an event cut anywhere, or of another type, is MalformedDataError or other values', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: events.length - 1 }),
      fc.nat(),
      fc.constantFrom(...Object.values(eventType)),
      fc.boolean(),
      async (index, length, type, keepsType) => {
        const { event, table } = events[index]!
        const bytes = Buffer.from(event.bytes.subarray(0, 19 + (length % (event.bytes.length - 18))))
        bytes.writeUInt32LE(bytes.length, 9)
        if (!keepsType) bytes[4] = type
        if (bytes.length < 23 && event.format.checksum === 'crc32') return
        await isMalformedOrFine(() =>
          decodeAll({ ...event, bytes, header: decodeEventHeader(bytes, 0, 0) }, table),
        )
      },
    ),
    { numRuns: 3000 },
  )
})

test('a stream of events in any order is grouped without hanging', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: events.length - 1 }), { maxLength: 60 }),
      async (order) => {
        let seen = 0
        for await (const transaction of transactions(asyncly(order.map((index) => events[index]!.event)))) {
          for await (const event of transaction.events) seen += event.bytes.length > 0 ? 1 : 0
        }
        assert.ok(seen <= order.length)
      },
    ),
    { numRuns: 300 },
  )
})

test('integers of the serialization format are read in each of their nine lengths', () => {
  for (const [hex, value] of [
    ['00', 0n],
    ['02', 1n],
    ['fe', 127n],
    ['0102', 0x80n],
    ['9102', 0xa4n],
    ['03000a', 0x0a0003n >> 3n],
    ['7f5b24d9d1ea6006', 1795411519546459n],
    ['ffffffffffffffffff', 0xffffffffffffffffn],
    ['ff0100000000000080', 0x8000000000000001n],
  ] as const) {
    const reader = new ByteReader(Buffer.from(hex, 'hex'), { what: 'test' })
    assert.equal(readVarint(reader), value, hex)
    assert.equal(reader.remaining, 0)
  }
  assert.equal(readSignedVarint(new ByteReader(Buffer.from([0x04]), { what: 'test' })), 1n)
  assert.equal(readSignedVarint(new ByteReader(Buffer.from([0x06]), { what: 'test' })), -2n)
})

test('a compressed query that claims more than deflate can give is refused before anything is allocated', () => {
  const claim = Buffer.from([0x84, 0xff, 0xff, 0xff, 0xff, 0x78, 0x9c])
  assert.throws(() => readCompressedBytes(new ByteReader(claim, { what: 'test' })), MalformedDataError)
})

test('a payload cut within its zstd frame is malformed', async () => {
  const found = events.find(({ event }) => event.header.type === eventType.transactionPayload)
  assert.ok(found !== undefined)
  const { event } = found
  // The payload's size stands in the event too, so the cut bytes are replaced by what zstd cannot read.
  const bytes = Buffer.from(event.bytes)
  bytes.fill(0, bytes.length - 40, bytes.length - 4)
  await assert.rejects(Array.fromAsync(unpackTransactionPayload({ ...event, bytes })), MalformedDataError)
})
