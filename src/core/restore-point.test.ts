import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from './errors.ts'
import { parsePoint } from './restore-point.ts'

const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562'

function refused(text: string, expected: RegExp, timeZone?: string): void {
  assert.throws(
    () => parsePoint(text, timeZone === undefined ? {} : { timeZone }),
    (error) =>
      isHoldfastError(error, 'USAGE') && expected.test(error.message) && error.hint.includes('before-gtid:'),
    text,
  )
}

test('the words latest and backup are points', () => {
  assert.deepEqual(parsePoint('latest'), { kind: 'latest', text: 'latest' })
  assert.deepEqual(parsePoint(' backup '), { kind: 'backup', text: 'backup' })
})

function micros(text: string, timeZone?: string): number {
  const point = parsePoint(text, timeZone === undefined ? {} : { timeZone })
  assert.equal(point.kind, 'time')
  return point.kind === 'time' ? point.timeMicros : Number.NaN
}

test('a time with a zone is read to the microsecond', () => {
  assert.equal(micros('1970-01-01T00:00:00Z'), 0)
  assert.equal(micros('1970-01-01T00:00:01.5Z'), 1_500_000)
  assert.equal(micros('1970-01-01T00:00:01.000007Z'), 1_000_007)
  assert.equal(micros('1970-01-01 00:01Z'), 60_000_000)
  assert.equal(micros('1970-01-01T02:00:00+02:00'), 0)
  assert.equal(micros('1969-12-31T19:30:00-0430'), 0)
  assert.equal(micros('2026-07-01T12:00:00 local', 'Europe/Berlin'), Date.UTC(2026, 6, 1, 10) * 1000)
  assert.equal(micros('2026-01-01T12:00:00 local', 'Europe/Berlin'), Date.UTC(2026, 0, 1, 11) * 1000)
  assert.equal(
    micros('2026-01-01T12:00:00.123456[Asia/Kathmandu]'),
    Date.UTC(2026, 0, 1, 6, 15) * 1000 + 123_456,
  )
})

test('a time without a zone is refused, and the message shows how to write it', () => {
  refused('2026-03-29T14:05:09', /names no zone; write 2026-03-29T14:05:09Z/)
  refused('2026-03-29', /a day is not a moment/)
})

test('a local time that the clocks showed twice or never is refused', () => {
  refused(
    '2026-10-25T02:30:00 local',
    /twice; write 2026-10-25T00:30:00Z or 2026-10-25T01:30:00Z/,
    'Europe/Berlin',
  )
  refused('2026-03-29T02:30:00 local', /skipped/, 'Europe/Berlin')
  refused('2026-03-29T02:30:00[Nowhere/City]', /no time zone Nowhere/)
})

test('dates and times that do not exist are refused', () => {
  for (const text of [
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:59:60Z',
    '2026-13-01T00:00:00Z',
  ]) {
    refused(text, /no such date or time/)
  }
  refused('2026-01-01T00:00:00.1234567Z', /six digits/)
  refused('2026-01-01T00:00:00+15:00', /no such offset/)
})

test('GTID sets of MySQL and GTID positions of MariaDB are told apart', () => {
  const set = `${uuid.toUpperCase()}:1-77:80, ${uuid}:tag_a:1-5`
  assert.deepEqual(parsePoint(`gtid:${set}`), {
    kind: 'gtid',
    flavour: 'mysql',
    gtid: `${uuid}:1-77:80,${uuid}:tag_a:1-5`,
    text: `gtid:${set}`,
  })
  assert.deepEqual(parsePoint('gtid:0-1-20,7-2-9'), {
    kind: 'gtid',
    flavour: 'mariadb',
    gtid: '0-1-20,7-2-9',
    text: 'gtid:0-1-20,7-2-9',
  })
  assert.equal(parsePoint(`before-gtid:${uuid}:20`).kind, 'before-gtid')
  assert.equal(parsePoint(`before-gtid:${uuid}:tag_a:20`).kind, 'before-gtid')
  assert.equal(parsePoint('before-gtid:0-1-20').kind, 'before-gtid')
})

test('before-gtid takes one transaction, not a set', () => {
  refused(`before-gtid:${uuid}:1-20`, /exactly one GTID/)
  refused('before-gtid:0-1-20,1-1-3', /exactly one GTID/)
  refused('gtid:', /neither a GTID set/)
  refused('gtid:20', /neither a GTID set/)
})

test('a position is a file name and an offset behind the magic', () => {
  assert.deepEqual(parsePoint('pos:my:log.000001:4'), {
    kind: 'position',
    position: { file: 'my:log.000001', offset: 4 },
    text: 'pos:my:log.000001:4',
  })
  refused('pos:binlog.000001', /file name and an offset/)
  refused('pos:binlog.000001:3', /offset 4/)
  refused('pos:../x:40', /file name and an offset/)
  refused('yesterday', /no date and time/)
})
