import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { asyncly, binlogFixtures, fixtureEvents } from '../../test/support/binlog-fixtures.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { decodeBinaryJson } from './binary-json.ts'
import type { BinlogEvent } from './binlog-event.ts'
import { columnFacts } from './column-facts.ts'
import { columnType } from './column-types.ts'
import { readCompressedBytes } from './compressed-bytes.ts'
import { decodeIncident, decodePreviousGtids, decodeRotate, decodeRowsStatement } from './control-events.ts'
import { decodeEventHeader } from './event-header.ts'
import { eventType } from './event-types.ts'
import { decodeFormatDescription } from './format-description.ts'
import { loggedRows } from './logged-rows.ts'
import { valueReader } from './logged-value.ts'
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
  if (event.header.type === eventType.tableMap) columnFacts(decodeTableMap(event), event.format.flavour)
  if (isRowsEvent(event) && table !== undefined) {
    countRows(event, table)
    const facts = columnFacts(table, event.format.flavour)
    for (const row of loggedRows(event, table, facts) ?? []) JSON.stringify(row)
  }
  if (event.header.type === eventType.transactionPayload) {
    for await (const inner of unpackTransactionPayload(event)) assert.ok(inner.bytes.length >= 19)
  }
}

function isMalformedOrFine(run: () => Promise<void>): Promise<void> {
  return run().catch((error: unknown) => {
    assert.ok(error instanceof MalformedDataError, String(error instanceof Error ? error.stack : error))
  })
}

interface FixtureEvent {
  readonly event: BinlogEvent
  readonly table: TableMap | undefined
}

/** Every event of the fixtures, also those within payloads, with the table map before it. */
async function allEvents(): Promise<FixtureEvent[]> {
  const found: FixtureEvent[] = []
  for (const name of binlogFixtures) {
    let table: TableMap | undefined
    const add = (event: BinlogEvent): void => {
      if (event.header.type === eventType.tableMap) table = decodeTableMap(event)
      found.push({ event, table })
    }
    for (const event of fixtureEvents(name)) {
      add(event)
      if (event.header.type !== eventType.transactionPayload) continue
      for await (const inner of unpackTransactionPayload(event)) add(inner)
    }
  }
  return found
}

const events = await allEvents()
const rowsEvents = events.filter(({ event, table }) => isRowsEvent(event) && table !== undefined)

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

test('rows are MalformedDataError or other values under the table map of any other table', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: rowsEvents.length - 1 }),
      fc.integer({ min: 0, max: rowsEvents.length - 1 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      async (index, other, changes) => {
        const { event } = rowsEvents[index]!
        const table = rowsEvents[other]!.table!
        // Types, lengths and metadata as nobody wrote them, with as many columns as the rows have.
        const own = rowsEvents[index]!.table!
        const pool = [...(table.columns ?? []), ...(own.columns ?? [])]
        const columns = (own.columns ?? []).map((column, i) => pool[i % pool.length] ?? column)
        for (const [at, value] of changes) {
          const i = at % Math.max(1, columns.length)
          const column = columns[i]
          if (column !== undefined) columns[i] = { ...column, metadata: (value << 8) | (at & 0xff) }
        }
        await isMalformedOrFine(() => decodeAll(event, { ...own, columns }))
      },
    ),
    { numRuns: 2000 },
  )
})

test('a value of any type reads any bytes, or says where they are malformed', () => {
  const flavours = ['mysql', 'mariadb'] as const
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(columnType)),
      fc.integer({ min: 0, max: 0xffff }),
      fc.uint8Array({ maxLength: 80 }),
      fc.constantFrom(undefined, 'binary', 'utf8mb4', 'utf32', 'sjis', 'nosuch'),
      fc.option(fc.boolean(), { nil: undefined }),
      (type, metadata, bytes, charset, isUnsigned) => {
        const read = valueReader({ type, metadata }, { charset, isUnsigned, labels: ['one'] })
        const reader = new ByteReader(Buffer.from(bytes), { what: 'test', baseOffset: 1000 })
        try {
          if (read !== undefined) JSON.stringify(read(reader))
        } catch (error) {
          assert.ok(error instanceof MalformedDataError, String(error instanceof Error ? error.stack : error))
          const { offset } = error.data
          assert.ok(offset >= 1000 && offset <= 1000 + bytes.length, String(offset))
        }
      },
    ),
    { numRuns: 5000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...flavours), (metadata, flavour) => {
      const table = events.find((each) => each.table?.table === 'types')?.table
      assert.ok(table !== undefined)
      try {
        columnFacts({ ...table, optionalMetadata: Buffer.from(metadata) }, flavour)
      } catch (error) {
        assert.ok(error instanceof MalformedDataError, String(error instanceof Error ? error.stack : error))
      }
    }),
    { numRuns: 2000 },
  )
})

test('JSON whose values share their bytes is refused before it grows', () => {
  // A large array of 10,000 entries, all of them the same string of 10,000 characters.
  const count = 10_000
  const head = Buffer.alloc(1 + 8 + count * 5)
  head[0] = 3
  const text = Buffer.concat([Buffer.from([12]), Buffer.from([0x90, 0x4e]), Buffer.alloc(10_000, 'x')])
  const size = head.length - 1 + text.length - 1
  head.writeUInt32LE(count, 1)
  head.writeUInt32LE(size, 5)
  for (let i = 0; i < count; i++) {
    head[9 + i * 5] = 12
    head.writeUInt32LE(head.length - 1, 10 + i * 5)
  }
  const bytes = Buffer.concat([head, text.subarray(1)])
  assert.throws(() => decodeBinaryJson(bytes, 7), MalformedDataError)
  // An array that holds itself.
  const loop = Buffer.from('0201000700020000', 'hex')
  assert.throws(() => decodeBinaryJson(loop, 7), MalformedDataError)
})

test('random changes of real JSON documents and of their paths are malformed or other documents', () => {
  const partial = rowsEvents.filter(({ event }) => event.header.type === eventType.partialUpdateRows)
  assert.ok(partial.length > 0)
  fc.assert(
    fc.property(
      fc.constantFrom(...partial),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
      ({ event, table }, changes) => {
        const bytes = Buffer.from(event.bytes)
        // Behind the bitmaps and the length of the first document.
        for (const [at, value] of changes) bytes[45 + (at % (bytes.length - 45))] = value
        try {
          const facts = columnFacts(table!, 'mysql')
          for (const row of loggedRows({ ...event, bytes }, table!, facts) ?? []) JSON.stringify(row)
        } catch (error) {
          assert.ok(error instanceof MalformedDataError, String(error instanceof Error ? error.stack : error))
        }
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
