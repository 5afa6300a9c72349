// The event before each transaction of MySQL: its GTID with or without a tag, when it was committed, how long it is.

import type { ByteReader } from '../bytes/byte-reader.ts'
import type { MysqlGtid } from '../core/gtid-set.ts'
import { formatUuid } from '../core/gtid-set-encoding.ts'
import { type BinlogEvent, eventBody } from './binlog-event.ts'
import { eventType } from './event-types.ts'
import { type FieldKind, readFields } from './serialized-fields.ts'

export interface MysqlGtidEvent {
  /** Absent on an anonymous transaction (gtid_mode OFF). */
  readonly gtid?: MysqlGtid
  /** Commit on the server that wrote this file, microseconds since 1970. A client cannot set it. Absent before MySQL 8.0. */
  readonly commitMicros?: number
  /** Commit on the server where the transaction was born. */
  readonly originalCommitMicros?: number
  /** Bytes from the start of this event to the end of the transaction. Absent before MySQL 8.0. */
  readonly transactionBytes?: number
  /** Logical clock of the parallel applier: may run together with those whose sequenceNumber is at most this. */
  readonly lastCommitted: number
  readonly sequenceNumber: number
}

/** Reads GTID_LOG_EVENT, ANONYMOUS_GTID_LOG_EVENT and GTID_TAGGED_LOG_EVENT. Throws MalformedDataError. */
export function decodeMysqlGtid(event: BinlogEvent): MysqlGtidEvent {
  const reader = eventBody(event)
  if (event.header.type === eventType.gtidTagged) return readTagged(reader)
  reader.skip(1)
  const uuid = formatUuid(reader.take(16))
  const number = reader.u64()
  const clock = reader.remaining > 0 && reader.u8() === 2 ? readLogicalClock(reader) : noClock
  const times = reader.remaining >= 7 ? readTimes(reader) : {}
  const gtid = event.header.type === eventType.gtid ? { gtid: { uuid, tag: '', number } } : {}
  return { ...gtid, ...clock, ...times }
}

// Gtid_event::define_fields of control_events.h, in order: the field's number is its index.
const taggedFields: readonly FieldKind[] = [
  'unsigned', // flags
  { byteCount: 16 }, // UUID
  'signed', // number
  'text', // tag
  'signed', // last_committed
  'signed', // sequence_number
  'unsigned', // immediate_commit_timestamp
  'unsigned', // original_commit_timestamp, when another
  'unsigned', // transaction_length
  'unsigned', // immediate_server_version
  'unsigned', // original_server_version, when another
  'unsigned', // commit_group_ticket, when there is one
]

const noClock = { lastCommitted: 0, sequenceNumber: 0 }

function readTagged(reader: ByteReader): MysqlGtidEvent {
  const fields = readFields(reader, taggedFields)
  const integer = (index: number): bigint => {
    const value = fields.get(index)
    if (typeof value !== 'bigint') throw reader.malformed(`field ${index} of a tagged GTID`, 'none')
    return value
  }
  const bytes = (index: number): Buffer => {
    const value = fields.get(index)
    if (!Buffer.isBuffer(value)) throw reader.malformed(`field ${index} of a tagged GTID`, 'none')
    return value
  }
  const commitMicros = Number(integer(6))
  return {
    gtid: { uuid: formatUuid(bytes(1)), tag: bytes(3).toString('latin1'), number: integer(2) },
    lastCommitted: Number(integer(4)),
    sequenceNumber: Number(integer(5)),
    commitMicros,
    originalCommitMicros: fields.has(7) ? Number(integer(7)) : commitMicros,
    transactionBytes: Number(integer(8)),
  }
}

function readLogicalClock(reader: ByteReader): { lastCommitted: number; sequenceNumber: number } {
  return { lastCommitted: Number(reader.u64()), sequenceNumber: Number(reader.u64()) }
}

// 7 bytes hold 55 bits of microseconds; the 56th says that the original time follows.
const hasOriginalTime = 1n << 55n

function readTimes(reader: ByteReader): Partial<MysqlGtidEvent> {
  const first = BigInt(reader.u48()) | (BigInt(reader.u8()) << 48n)
  const commitMicros = Number(first & (hasOriginalTime - 1n))
  const hasOriginal = (first & hasOriginalTime) !== 0n
  const originalCommitMicros = hasOriginal ? reader.u48() + reader.u8() * 2 ** 48 : commitMicros
  const transactionBytes = reader.remaining > 0 ? { transactionBytes: reader.lenenc() } : {}
  return { commitMicros, originalCommitMicros, ...transactionBytes }
}
