// One event as it stands in a file: its header, its bytes, and where it starts.

import { ByteReader } from '../bytes/byte-reader.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { checkEventChecksum, checksumBytes } from './event-checksum.ts'
import { decodeEventHeader, type EventHeader, eventHeaderBytes } from './event-header.ts'
import { eventType, eventTypeName } from './event-types.ts'
import { decodeFormatDescription, type FormatDescription } from './format-description.ts'

export interface BinlogEvent {
  readonly header: EventHeader
  /** Header, body and checksum: exactly what the file holds. */
  readonly bytes: Buffer
  /** Where the event starts in its file. For an event out of a transaction payload: where the payload event starts. */
  readonly offset: number
  /** True for an event out of a transaction payload: it has no checksum of its own. */
  readonly isPacked: boolean
  /** Of the file that the event stands in; of the event itself for a format description. */
  readonly format: FormatDescription
}

/**
 * Makes an event of `bytes`, which must be one whole event, and checks its checksum. `format` may be undefined only for a
 * format description itself. Throws MalformedDataError with the place where it showed.
 */
export function decodeEvent(
  bytes: Buffer,
  offset: number,
  format: FormatDescription | undefined,
): BinlogEvent {
  const header = decodeEventHeader(bytes, 0, offset)
  if (header.length !== bytes.length) {
    throw new MalformedDataError({
      what: 'event header',
      offset: offset + 9,
      expected: `a length of ${bytes.length}`,
      found: `${header.length}`,
    })
  }
  const isFormat = header.type === eventType.formatDescription
  const ownFormat = isFormat ? decodeFormatDescription(bytes, offset) : format
  if (ownFormat === undefined) {
    throw new MalformedDataError({
      what: 'binary log file',
      offset,
      expected: 'a format description as the first event',
      found: eventTypeName(header.type),
    })
  }
  if (ownFormat.checksum === 'crc32') {
    if (bytes.length < eventHeaderBytes + checksumBytes) {
      throw new MalformedDataError({
        what: 'event header',
        offset: offset + 9,
        expected: `a length of at least ${eventHeaderBytes + checksumBytes}`,
        found: `${header.length}`,
      })
    }
    checkEventChecksum(bytes, offset)
  }
  return { header, bytes, offset, isPacked: false, format: ownFormat }
}

/** A cursor over what lies between header and checksum. */
export function eventBody(event: BinlogEvent): ByteReader {
  const { bytes, format, header, isPacked } = event
  const tail = !isPacked && format.checksum === 'crc32' ? checksumBytes : 0
  return new ByteReader(bytes.subarray(eventHeaderBytes, bytes.length - tail), {
    what: `${eventTypeName(header.type)} event`,
    baseOffset: event.offset + eventHeaderBytes,
  })
}
