import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { formatMysqlGtid, GtidSet, type GtidSetPart, parseMysqlGtid } from './gtid-set.ts'
import { decodeGtidSet, encodeGtidSet } from './gtid-set-encoding.ts'
import { MalformedDataError } from './malformed-data-error.ts'

const a = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const b = 'ffffffff-0000-1111-2222-333333333333'

const numbers = fc.bigInt({ min: 1n, max: 40n })
const part: fc.Arbitrary<GtidSetPart> = fc.record({
  uuid: fc.constantFrom(a, b),
  tag: fc.constantFrom('', 'shop', '_x1'),
  intervals: fc.array(
    fc.tuple(numbers, numbers).map(([x, y]) => ({ first: x < y ? x : y, last: x < y ? y : x })),
    { maxLength: 6 },
  ),
})
const sets = fc.array(part, { maxLength: 6 }).map((parts) => GtidSet.of(parts))
const gtids = fc.record({ uuid: fc.constantFrom(a, b), tag: fc.constantFrom('', 'shop'), number: numbers })

/** The same set as plain strings: the model that the algebra is checked against. */
function members(set: GtidSet): Set<string> {
  const result = new Set<string>()
  for (const { uuid, tag, intervals } of set.parts()) {
    for (const { first, last } of intervals) {
      for (let number = first; number <= last; number++) result.add(formatMysqlGtid({ uuid, tag, number }))
    }
  }
  return result
}

describe('text of a GTID set', () => {
  for (const [text, expected] of [
    ['', ''],
    [`${a}:1`, `${a}:1`],
    [`${a}:1-5:7`, `${a}:1-5:7`],
    [`${a}:3-5:1-2:5-9`, `${a}:1-9`],
    [`${b}:1,\n ${a}:2`, `${a}:2,${b}:1`],
    [` ${a.toUpperCase()} : 1 - 3 ,,`, `${a}:1-3`],
    [`${a.replaceAll('-', '')}:4`, `${a}:4`],
    [`${a}:1-5:shop:1-3:7:_x1:2`, `${a}:1-5:_x1:2:shop:1-3:7`],
    [`${a}:SHOP:1,${a}:2`, `${a}:2:shop:1`],
    [`${a}:5-3`, ''],
    [`${a}:9223372036854775806`, `${a}:9223372036854775806`],
  ] as const) {
    test(`'${text.replace('\n', ' ')}' is read as '${expected}'`, () => {
      assert.equal(GtidSet.parse(text).toString(), expected)
    })
  }

  for (const text of [
    'x',
    a,
    `${a}:`,
    `${a}:0`,
    `${a}:9223372036854775807`,
    `${a}:1-2-3`,
    `${a}:-3`,
    `${a}:shop`,
    `${a}:1:shop`,
    `${a}:shop:other:1`,
    `${a}:9tag:1`,
    `${a}:${'t'.repeat(33)}:1`,
    '0-1-100',
  ]) {
    test(`'${text}' is refused`, () => {
      assert.throws(() => GtidSet.parse(text), RangeError)
    })
  }

  test('one GTID is read with and without a tag, and a set is not one GTID', () => {
    assert.deepEqual(parseMysqlGtid(`${a}:7`), { uuid: a, tag: '', number: 7n })
    assert.deepEqual(parseMysqlGtid(`${a}:shop:7`), { uuid: a, tag: 'shop', number: 7n })
    assert.throws(() => parseMysqlGtid(`${a}:7-8`), RangeError)
    assert.throws(() => parseMysqlGtid(''), RangeError)
  })

  test('any set survives being written and read', () => {
    fc.assert(
      fc.property(sets, (set) => assert.equal(GtidSet.parse(set.toString()).toString(), set.toString())),
    )
  })
})

describe('algebra of GTID sets', () => {
  test('union, difference and intersection are those of sets', () => {
    fc.assert(
      fc.property(sets, sets, (left, right) => {
        assert.deepEqual(members(left.union(right)), members(left).union(members(right)))
        assert.deepEqual(members(left.subtract(right)), members(left).difference(members(right)))
        assert.deepEqual(members(left.intersect(right)), members(left).intersection(members(right)))
        assert.equal(left.containsAll(right), members(right).isSubsetOf(members(left)))
        assert.equal(left.equals(right), members(left).symmetricDifference(members(right)).size === 0)
        assert.equal(left.size, BigInt(members(left).size))
      }),
    )
  })

  test('adding a GTID adds just it', () => {
    fc.assert(
      fc.property(sets, gtids, (set, gtid) => {
        const grown = set.add(gtid)
        assert.ok(grown.contains(gtid))
        assert.equal(set.contains(gtid), members(set).has(formatMysqlGtid(gtid)))
        assert.deepEqual(members(grown), members(set).add(formatMysqlGtid(gtid)))
      }),
    )
  })

  test('equal sets have equal texts', () => {
    fc.assert(
      fc.property(sets, sets, (left, right) => {
        const both = left.union(right)
        assert.equal(both.toString(), right.union(left).toString())
        assert.equal(both.subtract(right).union(right).toString(), both.toString())
      }),
    )
  })
})

describe('bytes of a GTID set', () => {
  test('a set without tags has the count in the first word', () => {
    const bytes = encodeGtidSet(GtidSet.parse(`${a}:1-5:9`))
    assert.equal(
      bytes.toString('hex'),
      '0100000000000000' +
        '3e11fa4771ca11e19e33c80aa9429562' +
        '0200000000000000' +
        '0100000000000000' +
        '0600000000000000' +
        '0900000000000000' +
        '0a00000000000000',
    )
  })

  test('a set with tags marks both ends of the first word and writes each tag after its UUID', () => {
    const bytes = encodeGtidSet(GtidSet.parse(`${a}:1,${a}:abcde:2`))
    assert.equal(
      bytes.toString('hex'),
      '0102000000000001' +
        '3e11fa4771ca11e19e33c80aa9429562' +
        '00' +
        '010000000000000001000000000000000200000000000000' +
        '3e11fa4771ca11e19e33c80aa9429562' +
        '0a6162636465' +
        '010000000000000002000000000000000300000000000000',
    )
  })

  test('any set survives being encoded and decoded', () => {
    fc.assert(
      fc.property(sets, (set) => assert.equal(decodeGtidSet(encodeGtidSet(set)).toString(), set.toString())),
    )
  })

  test('a set cut anywhere is refused', () => {
    const bytes = encodeGtidSet(GtidSet.parse(`${a}:1,${a}:abcde:2`))
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodeGtidSet(bytes.subarray(0, length)), MalformedDataError)
    }
    assert.throws(() => decodeGtidSet(Buffer.concat([bytes, Buffer.alloc(1)])), MalformedDataError)
  })

  test('arbitrary bytes are a set or MalformedDataError, and false counts cost nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        try {
          decodeGtidSet(Buffer.from(bytes))
        } catch (error) {
          assert.ok(error instanceof MalformedDataError, String(error))
        }
      }),
    )
    assert.throws(() => decodeGtidSet(Buffer.from('ffffffffffff0000', 'hex')), MalformedDataError)
  })
})
