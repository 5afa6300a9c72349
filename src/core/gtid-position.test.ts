import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatMariadbGtid, GtidPosition, parseMariadbGtid } from './gtid-position.ts'

const gtids = fc.record(
  {
    domainId: fc.integer({ min: 0, max: 3 }),
    serverId: fc.integer({ min: 1, max: 0xffffffff }),
    sequence: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  },
  { noNullPrototype: true },
)

test('a position is written with its domains in ascending order', () => {
  assert.equal(GtidPosition.parse('7-2-5, 0-1-100').toString(), '0-1-100,7-2-5')
  assert.equal(GtidPosition.parse('').toString(), '')
  assert.ok(GtidPosition.parse(' ').isEmpty)
})

test('what is not a position is refused', () => {
  for (const text of [
    '0-1',
    '0-1-2-3',
    'a-1-2',
    '0-1-2,0-1-3',
    '4294967296-1-1',
    '0-1-18446744073709551616',
    '0-1--1',
  ]) {
    assert.throws(() => GtidPosition.parse(text), RangeError, text)
  }
})

test('the last GTID executed in a domain is its position, even when it numbers downwards', () => {
  const position = GtidPosition.parse('0-1-100').advance(parseMariadbGtid('0-2-90'))
  assert.equal(position.toString(), '0-2-90')
  assert.equal(position.advance(parseMariadbGtid('1-1-1')).toString(), '0-2-90,1-1-1')
})

test('a position contains what comes before it in its own domain only', () => {
  const position = GtidPosition.parse('0-1-100')
  assert.ok(position.contains(parseMariadbGtid('0-9-100')))
  assert.ok(!position.contains(parseMariadbGtid('0-1-101')))
  assert.ok(!position.contains(parseMariadbGtid('1-1-1')))
  assert.ok(position.containsAll(GtidPosition.parse('0-1-7')))
  assert.ok(!position.containsAll(GtidPosition.parse('0-1-7,1-1-1')))
})

test('any position survives being written and read', () => {
  fc.assert(
    fc.property(fc.array(gtids), (list) => {
      const position = GtidPosition.of(list)
      assert.ok(GtidPosition.parse(position.toString()).equals(position))
      for (const gtid of position.gtids()) assert.deepEqual(parseMariadbGtid(formatMariadbGtid(gtid)), gtid)
    }),
  )
})
