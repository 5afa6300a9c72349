import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { fixtureEvents } from '../../test/support/binlog-fixtures.ts'
import { eventType } from '../binlog/event-types.ts'
import { isHoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { markOf } from './event-mark.ts'
import { LogFollower } from './log-follower.ts'

const events = fixtureEvents('mariadb-11.8-shop')

/** An event with a checksum. `endPosition` 0 and the artificial flag are what a source sets on events for the stream. */
function madeUp(type: number, body: Buffer, flags = 0x20): Buffer {
  const bytes = Buffer.alloc(19 + body.length + 4)
  bytes[4] = type
  bytes.writeUInt32LE(bytes.length, 9)
  bytes.writeUInt16LE(flags, 17)
  body.copy(bytes, 19)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

function artificialRotate(file: string, offset: number): Buffer {
  const body = Buffer.alloc(8 + file.length)
  body.writeBigUInt64LE(BigInt(offset))
  body.write(file, 8)
  return madeUp(4, body)
}

function kinds(follower: LogFollower, packets: readonly Buffer[]): string[] {
  return packets.flatMap((bytes) => {
    const item = follower.push(bytes, false)
    if (item === undefined) return []
    return item.kind === 'event' ? [`event ${item.event.offset}`] : [item.kind]
  })
}

/** A format description as a source sends it when a stream starts within a file. */
function fakeFormat(): Buffer {
  const bytes = Buffer.from(events[0]!.bytes)
  bytes.writeUInt32LE(0, 13)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4)
  return bytes
}

test('from the start of a file every event of it is archived, and nothing that was made up for the stream', () => {
  const follower = new LogFollower({ position: { file: 'binlog.000001', offset: 4 } }, 4)
  const packets = [
    artificialRotate('binlog.000001', 4),
    ...events.slice(0, 3).map(({ bytes }) => bytes),
    madeUp(27, Buffer.from('binlog.000001'), 0),
    events[3]!.bytes,
  ]
  assert.deepEqual(kinds(follower, packets), [
    ...events.slice(0, 3).map(({ offset }) => `event ${offset}`),
    'idle',
    `event ${events[3]!.offset}`,
  ])
})

test('within a file the stream joins at the event that was archived last', () => {
  const last = events[5]!
  const position = { file: 'binlog.000001', offset: last.offset + last.bytes.length }
  const follower = new LogFollower({ position, tail: markOf(last) }, last.offset)
  const packets = [artificialRotate('binlog.000001', last.offset), fakeFormat(), last.bytes, events[6]!.bytes]
  assert.deepEqual(kinds(follower, packets), ['joined', `event ${events[6]!.offset}`])
})

test('another event in place of the one that was archived last means another history', () => {
  const last = events[5]!
  const position = { file: 'binlog.000001', offset: last.offset + last.bytes.length }
  const follower = new LogFollower(
    { position, tail: { ...markOf(last), sha256: '0'.repeat(64) } },
    last.offset,
  )
  assert.throws(
    () => kinds(follower, [artificialRotate('binlog.000001', last.offset), fakeFormat(), last.bytes]),
    (error) => isHoldfastError(error, 'ARCHIVE_DIVERGED'),
  )
})

test('a stream that has to start at the beginning of a long file skips what is known', () => {
  const last = events[7]!
  const position = { file: 'binlog.000001', offset: last.offset + last.bytes.length }
  const follower = new LogFollower({ position, tail: markOf(last) }, 4)
  const packets = [artificialRotate('binlog.000001', 4), ...events.slice(0, 10).map(({ bytes }) => bytes)]
  assert.deepEqual(kinds(follower, packets), [
    'joined',
    `event ${events[8]!.offset}`,
    `event ${events[9]!.offset}`,
  ])
})

test('a position past 4 GiB is compared by its low 32 bits', () => {
  const offset = 2 ** 32 + events[5]!.offset
  const event = events[5]!
  const mark = { ...markOf(event), offset }
  const position = { file: 'binlog.000001', offset: offset + event.bytes.length }
  const follower = new LogFollower({ position, tail: mark }, offset)
  const packets = [artificialRotate('binlog.000001', offset), fakeFormat(), event.bytes, events[6]!.bytes]
  assert.deepEqual(kinds(follower, packets), ['joined', `event ${2 ** 32 + events[6]!.offset}`])
})

test('another file is announced before its events', () => {
  const follower = new LogFollower({ position: { file: 'binlog.000001', offset: 4 } }, 4)
  const packets = [
    artificialRotate('binlog.000001', 4),
    events[0]!.bytes,
    artificialRotate('binlog.000002', 4),
    events[0]!.bytes,
  ]
  assert.deepEqual(kinds(follower, packets), ['event 4', 'file', 'event 4'])
})

test('the encryption event of an encrypted source is archived in its place only', () => {
  const last = events[5]!
  const position = { file: 'binlog.000001', offset: last.offset + last.bytes.length }
  const follower = new LogFollower({ position, tail: markOf(last) }, last.offset)
  const encryption = madeUp(eventType.startEncryption, Buffer.alloc(17), 0x80)
  const packets = [artificialRotate('binlog.000001', last.offset), fakeFormat(), encryption, last.bytes]
  assert.deepEqual(kinds(follower, packets), ['joined'])
  const fromStart = new LogFollower({ position: { file: 'binlog.000001', offset: 4 } }, 4)
  assert.deepEqual(kinds(fromStart, [artificialRotate('binlog.000001', 4), events[0]!.bytes, encryption]), [
    'event 4',
    `event ${4 + events[0]!.bytes.length}`,
  ])
})

test('an event that is not where its header says is malformed', () => {
  const follower = new LogFollower({ position: { file: 'binlog.000001', offset: 4 } }, 4)
  const skipped = events.findIndex(({ header }, i) => i > 1 && header.endPosition !== 0)
  assert.throws(
    () => kinds(follower, [artificialRotate('binlog.000001', 4), events[0]!.bytes, events[skipped]!.bytes]),
    MalformedDataError,
  )
})
