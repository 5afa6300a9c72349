// Cuts a stream of bytes of one binary log file into whole events, holding no more than one event at a time.
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { type BinlogEvent, decodeEvent } from './binlog-event.ts'
import { binlogMagic, decodeEventHeader, eventHeaderBytes } from './event-header.ts'
import { eventType } from './event-types.ts'
import type { FormatDescription } from './format-description.ts'

export interface SplitOptions {
  /** Where the first byte stands in its file. At 0 the file's magic number is expected and skipped. */
  readonly offset: number
  /** Needed when the bytes do not start with a format description. */
  readonly format?: FormatDescription | undefined
}

/**
 * Whole events of `chunks`, each with its checksum checked. An event's bytes are a view of the chunk where it lies in one,
 * else a copy. Throws MalformedDataError on anything that is not an event, and where the bytes end within one. Memory is
 * what has arrived of one event: the length in a header never makes it allocate.
 */
export async function* splitEvents(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  options: SplitOptions,
): AsyncGenerator<BinlogEvent> {
  const splitter = new EventSplitter(options)
  for await (const chunk of chunks) {
    yield* splitter.push(chunk)
  }
  splitter.end()
}

/** The same, pushed to. */
export class EventSplitter {
  #format: FormatDescription | undefined
  /** Start of the first byte that has not been handed out yet. */
  #offset: number
  /** Bytes that have arrived and belong to no whole event yet. */
  #pending: Buffer[] = []
  #pendingBytes = 0
  /** How many bytes must be pending before it is worth looking again. */
  #wanted: number

  constructor(options: SplitOptions) {
    this.#format = options.format
    this.#offset = options.offset
    this.#wanted = options.offset === 0 ? binlogMagic.length : eventHeaderBytes
  }

  /** Of the file so far; undefined before its format description has come. */
  get format(): FormatDescription | undefined {
    return this.#format
  }

  /** Where the next event starts. */
  get offset(): number {
    return this.#offset
  }

  *push(chunk: Buffer): Generator<BinlogEvent> {
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.#pendingBytes < this.#wanted) return
    let bytes = this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending, this.#pendingBytes)
    if (this.#offset === 0) {
      expectMagic(bytes)
      bytes = bytes.subarray(binlogMagic.length)
      this.#offset = binlogMagic.length
    }
    let start = 0
    this.#wanted = eventHeaderBytes
    while (bytes.length - start >= eventHeaderBytes) {
      const { length } = decodeEventHeader(bytes, start, this.#offset)
      if (bytes.length - start < length) {
        this.#wanted = length
        break
      }
      const event = decodeEvent(bytes.subarray(start, start + length), this.#offset, this.#format)
      if (event.header.type === eventType.formatDescription) this.#format = event.format
      start += length
      this.#offset += length
      yield event
    }
    this.#pending = start === bytes.length ? [] : [bytes.subarray(start)]
    this.#pendingBytes = bytes.length - start
  }

  /** Throws MalformedDataError when bytes of an unfinished event are left. */
  end(): void {
    if (this.#pendingBytes === 0 && this.#offset > 0) return
    throw new MalformedDataError({
      what: 'binary log file',
      offset: this.#offset,
      expected: `${this.#wanted} bytes of ${this.#offset === 0 ? 'a magic number' : 'an event'}`,
      found: `the end after ${this.#pendingBytes}`,
    })
  }
}

function expectMagic(bytes: Buffer): void {
  const found = bytes.subarray(0, binlogMagic.length)
  if (found.equals(binlogMagic)) return
  throw new MalformedDataError({
    what: 'binary log file',
    offset: 0,
    expected: `magic number ${binlogMagic.toString('hex')}`,
    found: found.toString('hex'),
  })
}
