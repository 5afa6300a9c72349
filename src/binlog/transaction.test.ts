import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { asyncly, binlogFixtures, fixtureEvents } from '../../test/support/binlog-fixtures.ts'
import type { BinlogEvent } from './binlog-event.ts'
import { GroupTracker } from './event-group.ts'
import { eventType } from './event-types.ts'
import { decodeMysqlGtid } from './mysql-gtid-event.ts'
import { decodeQuery } from './query-event.ts'
import { countRows, decodeRows, isRowsEvent } from './rows-event.ts'
import { decodeTableMap, type TableMap } from './table-map-event.ts'
import { transactions, unpacked } from './transaction.ts'

/** `kind: insert shop.orders 3, …` for each transaction of a fixture; the statement for a DDL. */
async function summary(name: string): Promise<string[]> {
  const lines: string[] = []
  for await (const transaction of transactions(asyncly(fixtureEvents(name)))) {
    const maps = new Map<number, TableMap>()
    const parts: string[] = []
    for await (const event of unpacked(transaction.events)) {
      if (event.header.type === eventType.tableMap) {
        const map = decodeTableMap(event)
        maps.set(map.tableId, map)
      } else if (isRowsEvent(event)) {
        const { kind, tableId } = decodeRows(event)
        const map = maps.get(tableId)
        assert.ok(map !== undefined)
        parts.push(`${kind} ${map.table} ${countRows(event, map)}`)
      }
    }
    const { kind, hasStatements } = transaction.group
    lines.push([`${kind}${hasStatements ? ' as statement' : ''}`, ...parts].join(', '))
  }
  return lines
}

const shop = [
  'ddl',
  'ddl',
  'ddl',
  'dml, insert orders 3, insert lines 2, update orders 2',
  'ddl, insert copies 3',
  'ddl',
  'ddl',
  'ddl',
  'ddl',
  'dml, insert plain 2',
  'dml, delete orders 1',
  'xa-prepare, insert orders 1',
  'xa-commit',
  'xa-prepare, insert orders 1',
  'xa-rollback',
  'dml, insert orders 1',
  'dml, insert orders 1',
  'ddl',
  'ddl',
  'ddl',
]

const types = [
  'ddl',
  'dml, insert types 2',
  'dml, insert types 1',
  'dml, insert types 3',
  'dml, update types 1, update types 1',
  'dml, update types 6',
  'dml, delete types 1',
  'dml, delete types 4',
]

const statements = [
  'ddl',
  ...Array.from({ length: 4 }, () => 'dml as statement'),
  'ddl',
  ...Array.from({ length: 2 }, () => 'dml as statement'),
  'ddl',
]

const compressed = [
  'ddl',
  'dml, insert many 76, insert many 76, insert many 48',
  'dml, update many 50',
  'dml, delete many 50',
]

describe('transactions and row counts', () => {
  const expected: Record<string, string[]> = {
    'mysql-9.7-shop': [...shop, 'dml, insert orders 1', 'ddl', 'ddl'],
    'mysql-9.7-types': types,
    'mysql-9.7-partial-json': ['ddl', 'dml, insert doc 2', 'dml, update doc 2', 'dml, update doc 1'],
    'mysql-9.7-statements': statements,
    'mysql-9.7-compressed': [...compressed, 'dml, insert many 1'],
    'mysql-9.7-no-checksum': ['dml, insert orders 1'],
  }
  for (const version of ['10.11', '11.8']) {
    expected[`mariadb-${version}-shop`] = [...shop, 'ddl', 'dml, insert sq 1', 'dml, insert orders 1']
    expected[`mariadb-${version}-types`] = types
    expected[`mariadb-${version}-statements`] = statements
    // Where a rows event is full differs by version; 200 rows in all.
    const inserted = version === '10.11' ? [77, 77, 46] : [76, 76, 48]
    expected[`mariadb-${version}-compressed`] = [
      'ddl',
      ['dml', ...inserted.map((rows) => `insert many ${rows}`)].join(', '),
      ...compressed.slice(2),
      'dml as statement',
    ]
    expected[`mariadb-${version}-no-checksum`] = ['dml, insert orders 1']
  }
  for (const name of binlogFixtures) {
    test(`of ${name} are those of the statements that made it`, async () => {
      assert.deepEqual(await summary(name), expected[name])
    })
  }
})

/** The event as MySQL 5.7 wrote it: without commit time and transaction length. */
function withoutLength(event: BinlogEvent): BinlogEvent {
  if (event.header.type !== eventType.gtid) return event
  // Header 19, then flags, UUID, number, clock type and clock: 42.
  const head = event.bytes.subarray(0, 19 + 42)
  const tail = event.format.checksum === 'crc32' ? 4 : 0
  return { ...event, bytes: Buffer.concat([head, Buffer.alloc(tail)]) }
}

describe('ends of transactions', () => {
  for (const name of binlogFixtures.filter((fixture) => fixture.startsWith('mysql'))) {
    test(`${name}: the events themselves tell the same as the length that the server wrote`, () => {
      const tracker = new GroupTracker()
      let end = 0
      for (const event of fixtureEvents(name)) {
        const { isFirst, isLast } = tracker.push(withoutLength(event))
        if (isFirst) end = event.offset + (decodeMysqlGtid(event).transactionBytes ?? 0)
        if (isLast) assert.equal(event.offset + event.header.length, end)
      }
    })
  }

  test('a tracker goes on within a transaction where another one stopped', () => {
    for (const name of binlogFixtures) {
      const whole = new GroupTracker()
      let resumed = new GroupTracker()
      for (const event of fixtureEvents(name)) {
        resumed = new GroupTracker(resumed.open)
        assert.deepEqual(resumed.push(event), whole.push(event))
        assert.deepEqual(resumed.open, whole.open)
      }
    }
  })

  test('skipping the events of a transaction does not disturb the next', async () => {
    const read: (number | undefined)[] = []
    const skipped: (number | undefined)[] = []
    for await (const transaction of transactions(asyncly(fixtureEvents('mariadb-10.11-shop')))) {
      for await (const event of transaction.events) assert.ok(event.bytes.length > 0)
      read.push(transaction.group.start, transaction.end())
    }
    for await (const { group } of transactions(asyncly(fixtureEvents('mariadb-10.11-shop')))) {
      skipped.push(group.start)
    }
    assert.deepEqual(
      skipped,
      read.filter((_, i) => i % 2 === 0),
    )
  })

  test('a transaction that the log breaks off has no end, and the next file starts afresh', async () => {
    const events = fixtureEvents('mysql-9.7-shop')
    const xid = events.findIndex(({ header }) => header.type === eventType.xid)
    const next = fixtureEvents('mysql-9.7-types')
    const seen: { start: number; end: number | undefined }[] = []
    for await (const { group, events: members, end } of transactions(
      asyncly([...events.slice(0, xid), ...next]),
    )) {
      for await (const event of members) assert.ok(event.bytes.length > 0)
      seen.push({ start: group.start, end: end() })
    }
    const broken = seen.findIndex(({ end }) => end === undefined)
    assert.equal(broken, 3)
    assert.equal(seen.length, 4 + types.length)
    assert.ok(seen.slice(4).every(({ end }) => end !== undefined))
  })
})

test('a forged time stands in the header, and MySQL tells the true commit time beside it', async () => {
  const found = await Array.fromAsync(transactions(asyncly(fixtureEvents('mysql-9.7-shop'))))
  const forged = found.find(({ group }) => group.headerSeconds === 1_900_000_000)
  const before = found[0]?.group.commitMicros ?? 0
  assert.ok(forged?.group.commitMicros !== undefined)
  assert.ok(forged.group.commitMicros >= before && forged.group.commitMicros < before + 60_000_000)
})

test('GTIDs are read with their tags, domains and servers', async () => {
  const mysql = await Array.fromAsync(
    transactions(asyncly(fixtureEvents('mysql-9.7-shop'))),
    ({ group }) => group.gtid,
  )
  assert.match(mysql[0] ?? '', /^[0-9a-f-]{36}:1$/)
  assert.ok(mysql.some((gtid) => /^[0-9a-f-]{36}:nightly:1$/.test(gtid ?? '')))
  const mariadb = await Array.fromAsync(
    transactions(asyncly(fixtureEvents('mariadb-11.8-shop'))),
    ({ group }) => group.gtid,
  )
  assert.match(mariadb[0] ?? '', /^0-\d+-1$/)
  assert.match(mariadb.at(-1) ?? '', /^5-\d+-1$/)
})

test('the session of a statement is read whole: no status variable of these servers is unknown', () => {
  let queries = 0
  for (const name of binlogFixtures) {
    for (const event of fixtureEvents(name)) {
      if (event.header.type !== eventType.query && event.header.type !== eventType.queryCompressed) continue
      queries++
      const { variables, statement } = decodeQuery(event)
      assert.equal(variables.unknownCode, undefined, `${name} at ${event.offset}`)
      assert.ok(variables.charset !== undefined && statement.length > 0)
    }
  }
  assert.ok(queries > 100)
})

test('settings of a session come out as they were set', () => {
  for (const name of ['mysql-9.7-shop', 'mariadb-10.11-shop', 'mariadb-11.8-shop']) {
    const query = fixtureEvents(name)
      .filter(({ header }) => header.type === eventType.query)
      .map(decodeQuery)
      .find(({ statement }) => statement.includes('CREATE TABLE sessions'))
    assert.deepEqual(query?.variables.autoIncrement, { increment: 3, offset: 2 })
    assert.equal(query?.variables.lcTimeNames, 4)
    assert.equal(query?.schema, 'shop')
    assert.equal(query?.suppressesUse, false)
  }
})
