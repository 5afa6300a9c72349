// The stream format of mariadb-backup and xtrabackup: chunks of files, of several files side by side, each with its checksum.
// Source: extra/mariabackup/xbstream_read.cc and xbstream.h of MariaDB; sparse chunks are xtrabackup's alone, since 8.0.
import { crc32 } from 'node:zlib'
import { MalformedDataError } from '../../core/malformed-data-error.ts'

export type StreamPiece =
  /** A view of the source's buffer: valid until the next piece is asked for. */
  | { readonly kind: 'bytes'; readonly path: string; readonly offset: number; readonly bytes: Buffer }
  /** Zeros that are a hole in the file, as page-compressed tablespaces have them. */
  | { readonly kind: 'hole'; readonly path: string; readonly offset: number; readonly sizeBytes: number }
  /** Nothing more comes of this file. */
  | { readonly kind: 'end'; readonly path: string }

const magic = 'XBSTCK01'
/** Magic, flags, type, length of the path. */
const headBytes = 8 + 1 + 1 + 4
/** Length and offset of the payload, and its CRC-32. */
const payloadHeadBytes = 8 + 8 + 4
/** Bytes to pass over, bytes to write. */
const spanBytes = 8
/** A chunk has up to 10 MiB, and spans of pages of 1 KiB or more: 10,240. */
const maxSpans = 16_384
/** FN_REFLEN of the writers. */
const maxPathBytes = 512
/** XB_STREAM_FLAG_IGNORABLE: a reader that does not know the type may pass over it. */
const ignorable = 0x01

/**
 * Pieces in the order they come; those of one chunk come as the source is cut, so that no memory grows with what the stream says.
 * @throws MalformedDataError where bytes are not this format, a checksum is wrong, or the stream ends before each of its files has
 */
export async function* xbstreamPieces(source: AsyncIterable<Buffer>): AsyncGenerator<StreamPiece> {
  const input = new Input(source)
  const open = new Set<string>()
  for (;;) {
    const start = input.offset
    const head = await input.exactly(headBytes, 'head of a chunk')
    if (head === undefined) break
    if (head.toString('latin1', 0, 8) !== magic)
      throw malformed(start, magic, head.subarray(0, 8).toString('hex'))
    const flags = head.readUInt8(8)
    const type = String.fromCharCode(head.readUInt8(9))
    const pathBytes = head.readUInt32LE(10)
    if (pathBytes === 0 || pathBytes > maxPathBytes) {
      throw malformed(start, `a path of 1 to ${maxPathBytes} bytes`, `${pathBytes}`)
    }
    const path = (await input.whole(pathBytes, 'path of a file')).toString('utf8')
    if (type === 'E') {
      open.delete(path)
      yield { kind: 'end', path }
      continue
    }
    const isIgnored = type !== 'P' && type !== 'S' && (flags & ignorable) !== 0
    if (type !== 'P' && type !== 'S' && !isIgnored)
      throw malformed(start, 'a chunk of type P, S or E', JSON.stringify(type))
    const spanCount = type === 'S' ? (await input.whole(4, 'number of spans')).readUInt32LE(0) : 0
    if (spanCount > maxSpans) throw malformed(start, `at most ${maxSpans} spans`, `${spanCount}`)
    const payload = await input.whole(payloadHeadBytes, 'head of a payload')
    const length = safeNumber(payload.readBigUInt64LE(0), start)
    let offset = safeNumber(payload.readBigUInt64LE(8), start)
    const wanted = payload.readUInt32LE(16)
    if (!isIgnored) open.add(path)
    const map = spanCount === 0 ? noBytes : await input.whole(spanCount * spanBytes, 'map of a sparse chunk')
    let sum = crc32(map)
    let written = 0
    for (const [skipped, spanLength] of spanCount === 0 ? [[0, length] as const] : spansOf(map)) {
      if (skipped > 0) yield { kind: 'hole', path, offset, sizeBytes: skipped }
      offset += skipped
      written += spanLength
      if (written > length) throw malformed(start, `spans of ${length} bytes`, `${written}`)
      for (let left = spanLength; left > 0; ) {
        const bytes = await input.upTo(left, 'payload of a file')
        sum = crc32(bytes, sum)
        if (!isIgnored) yield { kind: 'bytes', path, offset, bytes }
        left -= bytes.length
        offset += bytes.length
      }
    }
    if (written !== length) throw malformed(start, `spans of ${length} bytes`, `${written}`)
    if (sum !== wanted) throw malformed(start, `a chunk of ${path} with the CRC-32 ${wanted}`, `${sum}`)
  }
  const [unfinished] = open
  if (unfinished !== undefined)
    throw malformed(input.offset, `the end of ${unfinished}`, 'the end of the stream')
}

const noBytes = Buffer.alloc(0)

function* spansOf(map: Buffer): Generator<readonly [skipped: number, length: number]> {
  for (let at = 0; at < map.length; at += spanBytes) yield [map.readUInt32LE(at), map.readUInt32LE(at + 4)]
}

/** The source's buffers, handed out in other lengths. */
class Input {
  readonly #source: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)
  offset = 0

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** At least one byte, at most `length`. */
  async upTo(length: number, what: string): Promise<Buffer> {
    if (!(await this.#fill())) throw malformed(this.offset, what, 'the end of the stream')
    return this.#take(length)
  }

  /** Undefined at the end of the source. */
  async exactly(length: number, what: string): Promise<Buffer | undefined> {
    return (await this.#fill()) ? this.whole(length, what) : undefined
  }

  async whole(length: number, what: string): Promise<Buffer> {
    const first = await this.upTo(length, what)
    if (first.length === length) return first
    const parts = [first]
    for (let have = first.length; have < length; ) {
      const next = await this.upTo(length - have, what)
      parts.push(next)
      have += next.length
    }
    return Buffer.concat(parts)
  }

  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next()
      if (next.done === true) return false
      this.#rest = next.value
    }
    return true
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    this.offset += taken.length
    return taken
  }
}

function safeNumber(value: bigint, offset: number): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw malformed(offset, 'a length or offset below 2^53', `${value}`)
  return Number(value)
}

function malformed(offset: number, expected: string, found: string): MalformedDataError {
  return new MalformedDataError({ what: 'backup stream', offset, expected, found })
}
