// Turns what a source sends into what its files hold: each event with its file and place, nothing that was made up for the stream.
import { crc32 } from 'node:zlib'
import { type BinlogEvent, decodeEvent } from '../binlog/binlog-event.ts'
import { decodeEventHeader, eventHeaderBytes } from '../binlog/event-header.ts'
import { eventFlag, eventType, eventTypeName } from '../binlog/event-types.ts'
import { decodeFormatDescription, type FormatDescription } from '../binlog/format-description.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { EventMark } from '../core/segment-index.ts'
import { serverErrno } from '../wire/server-error.ts'
import { markOf } from './event-mark.ts'

export type LogItem =
  /** From here on events are of this file. */
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'event'; readonly event: BinlogEvent; readonly wantsAck: boolean }
  /** The source has the event that was archived last: its history is the one that was archived. */
  | { readonly kind: 'joined'; readonly wantsAck: boolean }
  /** The source has nothing more for now. */
  | { readonly kind: 'idle' }

/** Where to go on, and the event just before, by which a source is known to have the same history. */
export interface ResumePoint {
  readonly position: BinlogPosition
  /** Undefined at the start of a file. */
  readonly tail?: EventMark | undefined
}

/** Where a stream has to begin for a resume point: at the event before it, so that it can be compared. */
export function streamStart({ position, tail }: ResumePoint): BinlogPosition {
  return { file: position.file, offset: tail?.offset ?? 4 }
}

/** Follows one stream. Throws ARCHIVE_DIVERGED when the source's log is not the one that was archived. */
export class LogFollower {
  #file: string
  /** Where the next event of the file starts. */
  #offset: number
  #format: FormatDescription | undefined
  readonly #resume: ResumePoint
  /** The last event with a place in the file was its format description. */
  #isBehindFormat = false
  /** False until the event before the resume point has come and is the same. */
  #isJoined: boolean

  /** `streamOffset` is where the stream really starts. */
  constructor(resume: ResumePoint, streamOffset: number) {
    this.#resume = resume
    this.#file = resume.position.file
    this.#offset = streamOffset
    this.#isJoined = resume.tail === undefined
  }

  /** Undefined for what is not to be archived. Checks each event's checksum and place. */
  push(bytes: Buffer, wantsAck: boolean): LogItem | undefined {
    const header = decodeEventHeader(bytes, 0, this.#offset)
    switch (header.type) {
      case eventType.heartbeat:
      case eventType.heartbeatV2:
        return { kind: 'idle' }
      case eventType.rotate:
        if (isArtificial(header)) return this.#enterFile(bytes)
        break
      case eventType.formatDescription:
        // Sent when a stream starts within a file: it has no place of its own.
        if (header.endPosition === 0 || isArtificial(header)) {
          this.#format = decodeFormatDescription(bytes, this.#offset)
          return undefined
        }
        break
      case eventType.startEncryption:
        // Its place is behind the format description of the file; a stream that starts later gets it once more.
        if (!this.#isBehindFormat) return undefined
        break
      default:
        if (isArtificial(header)) return undefined
    }
    return this.#take(bytes, wantsAck)
  }

  #take(bytes: Buffer, wantsAck: boolean): LogItem | undefined {
    const event = decodeEvent(bytes, this.#offset, this.#format)
    const end = this.#offset + bytes.length
    // MariaDB 11.4 and newer leave the position out of events within transactions.
    if (event.header.endPosition !== 0 && event.header.endPosition !== low32(end)) {
      throw new MalformedDataError({
        what: `${eventTypeName(event.header.type)} event`,
        file: this.#file,
        offset: this.#offset,
        expected: `an end at ${low32(end)}`,
        found: `${event.header.endPosition}`,
      })
    }
    this.#format = event.format
    this.#offset = end
    this.#isBehindFormat = event.header.type === eventType.formatDescription
    if (this.#isJoined) return { kind: 'event', event, wantsAck }
    return this.#join(event) ? { kind: 'joined', wantsAck } : undefined
  }

  /** Events before the resume point: the last one has to be the one that was archived. */
  #join(event: BinlogEvent): boolean {
    const { position, tail } = this.#resume
    if (this.#file === position.file && this.#offset < position.offset) return false
    const found = markOf(event)
    if (tail === undefined || found.offset !== tail.offset || found.sha256 !== tail.sha256) {
      throw diverged(position, 'another event stands there')
    }
    this.#isJoined = true
    return true
  }

  /** What an error that ends the stream means: one before the history was joined says that there is another one. */
  explain(error: unknown): unknown {
    const isBadPlace =
      error instanceof MalformedDataError ||
      (isHoldfastError(error, 'SERVER_ERROR') && serverErrno(error) === 1236)
    if (this.#isJoined || !isBadPlace) return error
    return diverged(this.#resume.position, 'no event can be read there', error)
  }

  #enterFile(bytes: Buffer): LogItem | undefined {
    const { file, offset } = readArtificialRotate(bytes)
    if (!this.#isJoined && file !== this.#file)
      throw diverged(this.#resume.position, `it goes on with ${file}`)
    const isSameFile = file === this.#file
    if (isSameFile && offset === this.#offset) return undefined
    if (isSameFile || offset !== 4) {
      throw new MalformedDataError({
        what: 'artificial rotate event',
        file: this.#file,
        offset: this.#offset,
        expected: `${this.#file} at ${this.#offset}, or another file at 4`,
        found: `${file} at ${offset}`,
      })
    }
    this.#file = file
    this.#offset = offset
    this.#format = undefined
    return { kind: 'file', file }
  }
}

function isArtificial(header: { readonly flags: number }): boolean {
  return (header.flags & eventFlag.artificial) !== 0
}

function low32(offset: number): number {
  return offset % 2 ** 32
}

/**
 * The event comes before the format description that would say whether it has a checksum, so the bytes themselves say it:
 * a file name that ends in the CRC32 of all before it does not happen.
 */
function readArtificialRotate(bytes: Buffer): { file: string; offset: number } {
  const body = bytes.length - 4
  const hasChecksum =
    body > eventHeaderBytes + 8 && bytes.readUInt32LE(body) === crc32(bytes.subarray(0, body))
  const file = bytes.toString('utf8', eventHeaderBytes + 8, hasChecksum ? body : bytes.length)
  return { file, offset: Number(bytes.readBigUInt64LE(eventHeaderBytes)) }
}

function diverged(position: BinlogPosition, what: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'ARCHIVE_DIVERGED',
    `the source's binary log is not the one that was archived up to ${position.file} at ${position.offset}: ${what}`,
    { file: position.file, offset: position.offset },
    cause === undefined ? {} : { cause },
  )
}
