// The first event of every file: who wrote it, how long each type's fixed part is, and whether events carry a checksum.

import { ByteReader } from '../bytes/byte-reader.ts'
import type { Flavour } from '../core/flavour.ts'
import { type ChecksumAlgorithm, checksumBytes } from './event-checksum.ts'
import { eventHeaderBytes } from './event-header.ts'
import { eventType } from './event-types.ts'

export interface FormatDescription {
  readonly flavour: Flavour
  /** As the server names itself: '9.7.4', '10.11.19-MariaDB-log'. */
  readonly serverVersion: string
  /** Seconds since 1970 when the server had started with this file, else 0. */
  readonly created: number
  readonly checksum: ChecksumAlgorithm
  /** Length of the fixed part after the header, by type. 0 for types that this writer does not know. */
  readonly postHeaderBytes: (type: number) => number
}

// ST_SERVER_VER_LEN of binlog_event.h.
const serverVersionBytes = 50

/**
 * Reads a format description event, header included. Its own checksum is there even when it promises none for the others,
 * so the algorithm is always the fifth byte from the end. Throws MalformedDataError; `offset` is where the event starts.
 */
export function decodeFormatDescription(bytes: Buffer, offset: number): FormatDescription {
  const reader = new ByteReader(bytes, { what: 'format description event', baseOffset: offset })
  reader.skip(eventHeaderBytes)
  const version = reader.u16()
  if (version !== 4) throw reader.malformed('binary log format version 4', String(version))
  const serverVersion = reader.take(serverVersionBytes).toString('latin1').replace(/\0.*$/s, '')
  const created = reader.u32()
  const headerBytes = reader.u8()
  if (headerBytes !== eventHeaderBytes)
    throw reader.malformed(`event headers of ${eventHeaderBytes} bytes`, String(headerBytes))
  const postHeaderBytes = reader.take(Math.max(0, reader.remaining - 1 - checksumBytes))
  const algorithm = reader.u8()
  if (algorithm > 1) throw reader.malformed('checksum algorithm 0 or 1', String(algorithm))
  // MariaDB's list goes on past type 160 with its own types; MySQL's ends long before.
  const flavour = postHeaderBytes.length >= eventType.annotateRows ? 'mariadb' : 'mysql'
  return {
    flavour,
    serverVersion,
    created,
    checksum: algorithm === 1 ? 'crc32' : 'none',
    // The list starts with type 1.
    postHeaderBytes: (type) => postHeaderBytes[type - 1] ?? 0,
  }
}
