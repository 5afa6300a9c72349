import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { binlogFixtures, fixtureEvents, readBinlogFixture } from '../../test/support/binlog-fixtures.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { checksumBytes, withChecksum } from './event-checksum.ts'
import { EventSplitter, splitEvents } from './event-splitter.ts'
import { eventType } from './event-types.ts'

for (const name of binlogFixtures) {
  test(`the events of ${name} are its bytes, each with its checksum right`, () => {
    const events = fixtureEvents(name)
    const joined = Buffer.concat([Buffer.from([0xfe, 0x62, 0x69, 0x6e]), ...events.map(({ bytes }) => bytes)])
    assert.ok(joined.equals(readBinlogFixture(name)))
    for (const { header, offset, bytes } of events) {
      // MariaDB 11.4 and newer write 0 within transactions.
      if (header.endPosition !== 0) assert.equal(header.endPosition, offset + bytes.length)
    }
  })
}

test('however the bytes of a file are cut, the events are the same', () => {
  const bytes = readBinlogFixture('mysql-9.7-shop')
  const whole = fixtureEvents('mysql-9.7-shop').map(({ offset, bytes }) => ({ offset, bytes }))
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const splitter = new EventSplitter({ offset: 0 })
      const events = []
      for (let start = 0, i = 0; start < bytes.length; i++) {
        const size = sizes[i % sizes.length] ?? 1
        events.push(...splitter.push(bytes.subarray(start, start + size)))
        start += size
      }
      splitter.end()
      assert.deepEqual(
        events.map(({ offset, bytes }) => ({ offset, bytes })),
        whole,
      )
    }),
    { numRuns: 30 },
  )
})

test('a file that ends within an event is malformed, and the message names the offset', async () => {
  const bytes = readBinlogFixture('mariadb-11.8-shop')
  const last = fixtureEvents('mariadb-11.8-shop').at(-1)
  assert.ok(last !== undefined)
  for (const cut of [1, 5, last.bytes.length - 1]) {
    await assert.rejects(
      Array.fromAsync(splitEvents([bytes.subarray(0, bytes.length - cut)], { offset: 0 })),
      (error) => error instanceof MalformedDataError && error.data.offset === last.offset,
    )
  }
})

test('any one flipped bit is noticed, but for two that no checksum can cover', () => {
  const bytes = readBinlogFixture('mariadb-10.11-statements')
  const format = fixtureEvents('mariadb-10.11-statements')[0]
  assert.ok(format?.header.type === eventType.formatDescription)
  // A server sets this flag in place, after the checksum was written.
  const inUseFlag = `${format.offset + 17}.0`
  // Cleared, the file says that it has no checksums at all.
  const checksumPromise = `${format.offset + format.bytes.length - checksumBytes - 1}.0`
  const unnoticed: string[] = []
  for (let at = 0; at < bytes.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << bit)
      if (!splittingFails(changed)) unnoticed.push(`${at}.${bit}`)
    }
  }
  assert.deepEqual(unnoticed, [inUseFlag, checksumPromise])
})

function splittingFails(bytes: Buffer): boolean {
  const splitter = new EventSplitter({ offset: 0 })
  try {
    for (const _ of splitter.push(bytes));
    splitter.end()
    return false
  } catch (error) {
    assert.ok(error instanceof MalformedDataError)
    return true
  }
}

test('a length of four gigabytes makes nobody allocate them', () => {
  const splitter = new EventSplitter({ offset: 0 })
  const start = readBinlogFixture('mysql-9.7-shop').subarray(0, 200)
  const header = Buffer.alloc(19)
  header.writeUInt32LE(0xffff_ffff, 9)
  const format = fixtureEvents('mysql-9.7-shop')[0]
  assert.ok(format !== undefined)
  const events = [
    ...splitter.push(Buffer.concat([start.subarray(0, 4), format.bytes, header, Buffer.alloc(1000)])),
  ]
  assert.equal(events.length, 1)
  assert.throws(() => splitter.end(), MalformedDataError)
})

test('an event given a checksum passes the check', () => {
  const event = fixtureEvents('mysql-9.7-no-checksum').at(-1)
  const format = fixtureEvents('mysql-9.7-shop')[0]?.format
  assert.ok(event !== undefined && format !== undefined)
  const sealed = withChecksum(event.bytes)
  const [again] = [...new EventSplitter({ offset: event.offset, format }).push(sealed)]
  assert.deepEqual(again?.bytes, sealed)
})
