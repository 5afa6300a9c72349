import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { asyncly, binlogFixtures, fixtureEvents } from '../../test/support/binlog-fixtures.ts'
import type { BinlogEvent } from '../binlog/binlog-event.ts'
import { GroupTracker } from '../binlog/event-group.ts'
import { eventType } from '../binlog/event-types.ts'
import { isRowsEvent } from '../binlog/rows-event.ts'
import { transactions, unpacked } from '../binlog/transaction.ts'
import type { OpenTransaction } from '../core/segment-index.ts'
import { ChangeCounter, changesInIndex } from './change-counter.ts'
import { summarizeChanges } from './transaction-changes.ts'

/** What the index would tell of these events, transaction by transaction. */
function counted(events: readonly BinlogEvent[], open?: OpenTransaction) {
  const counter = new ChangeCounter()
  const tracker = new GroupTracker(open)
  let count = 0
  for (const event of events) {
    const step = tracker.push(event)
    counter.push(event, step)
    if (step.isLast) count++
  }
  const kinds = 'a'.repeat(count)
  const columns = { skips: [], lengths: [], gtids: [], timeMicros: [], arrivalMillis: [], kinds }
  const of = changesInIndex({ transactions: { ...columns, changes: counter.columns() } })
  return Array.from({ length: count }, (_, i) => of(i))
}

describe('counts of rows in the index', () => {
  for (const name of binlogFixtures) {
    test(`of ${name} are those that the data tell, and nothing else is told`, async () => {
      const events = fixtureEvents(name)
      const told = counted(events)
      let i = 0
      let known = 0
      for await (const transaction of transactions(asyncly(events))) {
        const { changes } = await summarizeChanges(unpacked(transaction.events), undefined)
        const tables = told[i++]
        if (tables === undefined) continue
        known++
        assert.deepEqual({ tables }, changes)
      }
      assert.equal(told.length, i)
      // Statements, and payloads of MySQL, are for the data to tell.
      assert.equal(known > 0, !/statements|mysql-.*compressed/.test(name))
    })
  }

  test('a transaction that began before the first event, or that cannot be read, is for the data to tell', () => {
    const events = fixtureEvents('mariadb-10.11-shop')
    const first = events.findIndex(isRowsEvent)
    const tracker = new GroupTracker()
    for (const event of events.slice(0, first)) tracker.push(event)
    assert.deepEqual(counted(events.slice(first), tracker.open)[0], undefined)
    const whole = counted(events)
    const at = whole.findIndex((tables) => (tables?.length ?? 0) > 0)
    const bytes = events[first]!.bytes.subarray(0, -2)
    const broken = counted(events.with(first, { ...events[first]!, bytes }))
    assert.equal(broken[at], undefined)
    assert.deepEqual(broken.slice(at + 1), whole.slice(at + 1))
    const { header } = events[first]!
    for (const type of [eventType.beginLoadQuery, eventType.executeLoadQuery]) {
      const loaded = counted(events.with(first, { ...events[first]!, header: { ...header, type } }))
      assert.equal(loaded[at], undefined, 'LOAD DATA as a statement')
    }
  })
})
