// The CRC32 at the end of each event: checking it, and putting it on an event that has none.
import { crc32 } from 'node:zlib'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { eventFlag, eventType } from './event-types.ts'

/** BINLOG_CHECKSUM_ALG_DESC_LEN and the like: what a file's format description promises for its events. */
export type ChecksumAlgorithm = 'none' | 'crc32'

/** Length of the checksum at an event's end. */
export const checksumBytes = 4

/** Throws MalformedDataError when the last four bytes are not the CRC32 of those before; `offset` is where the event starts. */
export function checkEventChecksum(bytes: Buffer, offset: number): void {
  const body = bytes.length - checksumBytes
  const found = bytes.readUInt32LE(body)
  const expected = checksumOf(bytes, body)
  if (found === expected) return
  throw new MalformedDataError({
    what: 'event',
    offset: offset + body,
    expected: `CRC32 ${expected.toString(16).padStart(8, '0')}`,
    found: found.toString(16).padStart(8, '0'),
  })
}

/** A copy of an event that has no checksum, with one: the length in its header grows by four. */
export function withChecksum(bytes: Buffer): Buffer {
  const result = Buffer.alloc(bytes.length + checksumBytes)
  bytes.copy(result)
  result.writeUInt32LE(result.length, 9)
  result.writeUInt32LE(crc32(result.subarray(0, bytes.length)), bytes.length)
  return result
}

function checksumOf(bytes: Buffer, length: number): number {
  const flags = bytes.readUInt16LE(17)
  const isOpen = bytes[4] === eventType.formatDescription && (flags & eventFlag.binlogInUse) !== 0
  if (!isOpen) return crc32(bytes.subarray(0, length))
  // The server sets the in-use flag in place after it has written the checksum, so the sum is of the bytes without it.
  const head = Buffer.from(bytes.subarray(0, 19))
  head.writeUInt16LE(flags & ~eventFlag.binlogInUse, 17)
  return crc32(bytes.subarray(19, length), crc32(head))
}
