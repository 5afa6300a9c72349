// The 19 bytes before every event of format version 4, which both families share.
import { MalformedDataError } from '../core/malformed-data-error.ts'

/** LOG_EVENT_HEADER_LEN. */
export const eventHeaderBytes = 19

/** `fe 'bin'`, the first bytes of every binary log file. */
export const binlogMagic = Buffer.from([0xfe, 0x62, 0x69, 0x6e])

export interface EventHeader {
  /** Start of the statement, seconds since 1970; a client may set it freely. 0 on events made for the stream. */
  readonly timestamp: number
  readonly type: number
  readonly serverId: number
  /** Whole event, header and checksum included. */
  readonly length: number
  /** Low 32 bits of where the event ends; 0 when not known (MariaDB 11.4 and newer, in transactions). */
  readonly endPosition: number
  readonly flags: number
}

/**
 * Reads the header at `start`. Throws MalformedDataError when fewer than 19 bytes are there or the length is less than a
 * header; `offset` is the place it names.
 */
export function decodeEventHeader(bytes: Buffer, start: number, offset: number): EventHeader {
  if (bytes.length - start < eventHeaderBytes) {
    throw new MalformedDataError({
      what: 'event header',
      offset,
      expected: `${eventHeaderBytes} bytes`,
      found: `${bytes.length - start}`,
    })
  }
  const length = bytes.readUInt32LE(start + 9)
  if (length < eventHeaderBytes) {
    throw new MalformedDataError({
      what: 'event header',
      offset: offset + 9,
      expected: `a length of at least ${eventHeaderBytes}`,
      found: `${length}`,
    })
  }
  return {
    timestamp: bytes.readUInt32LE(start),
    type: bytes.readUInt8(start + 4),
    serverId: bytes.readUInt32LE(start + 5),
    length,
    endPosition: bytes.readUInt32LE(start + 13),
    flags: bytes.readUInt16LE(start + 17),
  }
}
