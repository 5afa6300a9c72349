// Reading sealed files: one frame, or all frames in order, each proven before its bytes are handed out.
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { decompressPayload } from './compression.ts'
import { freeNow } from './free-memory.ts'
import {
  decodeFileHeader,
  decodeFrameHeader,
  type FrameHeader,
  fileHeaderBytes,
  frameHeaderBytes,
} from './sealed-format.ts'
import { type DataKey, existingFileKey, type FileKey, frameNonce, openBody } from './sealed-key.ts'

/** Finds the data key of a file by its id; undefined is answered for the id of unencrypted files only. */
export type DataKeyLookup = (dataKeyId: string) => Promise<DataKey | undefined>

/** Gives bytes of the file from an offset: fewer than asked for only at the end of the file. */
export type RangeReader = (offset: number, length: number) => Promise<Buffer>

export interface OpenedFrame {
  readonly header: FrameHeader
  readonly payload: Buffer
  /** Where the frame lies in the file, header included. */
  readonly offset: number
  readonly length: number
}

/** Checks the header of a file and derives its key. */
export async function openFileKey(
  headerBytes: Buffer,
  lookup: DataKeyLookup,
  file: string,
  kind: string,
): Promise<FileKey> {
  const bytes = headerBytes.subarray(0, fileHeaderBytes)
  const header = decodeFileHeader(bytes, file)
  if (header.kind !== kind) {
    throw new MalformedDataError({
      what: 'sealed file header',
      file,
      offset: 9,
      expected: kind,
      found: header.kind,
    })
  }
  return existingFileKey(header, bytes, await lookup(header.dataKeyId), file)
}

/** Opens the frame whose bytes, header and body, are exactly `frame`; `offset` is its place in the file. */
export async function openFrame(
  fileKey: FileKey,
  frame: Buffer,
  file: string,
  offset: number,
): Promise<OpenedFrame> {
  const header = decodeFrameHeader(frame, file, offset)
  const length = frameHeaderBytes + header.bodyBytes
  const bad = (expected: string, found: string, cause?: unknown): MalformedDataError =>
    new MalformedDataError({ what: 'frame', file, offset, expected, found }, { cause })
  if (frame.length !== length) throw bad(`${length} bytes`, `${frame.length}`)
  const body = openBody(
    fileKey,
    frame.subarray(0, frameHeaderBytes),
    frameNonce(header.number, header.isLast),
    frame.subarray(frameHeaderBytes),
  )
  if (body === undefined) throw bad('bytes as they were sealed', 'changed bytes')
  if (!header.isCompressed) return { header, payload: body, offset, length }
  const payload = await decompressPayload(body, header.plainBytes).catch((error: unknown) => {
    throw bad('a zstd frame', 'something else', error)
  })
  // Of a file in clear the body is a part of the frame, which is the caller's.
  if (body.buffer !== frame.buffer) freeNow(body.buffer)
  if (payload.length !== header.plainBytes)
    throw bad(`${header.plainBytes} bytes of plain text`, `${payload.length}`)
  return { header, payload, offset, length }
}

/**
 * All frames of a file but the end frame, in order. A file that ends before its end frame, goes on after it, or has frames
 * missing or swapped throws MalformedDataError. Holds one frame in memory.
 */
export async function* readFrames(
  read: RangeReader,
  lookup: DataKeyLookup,
  file: string,
  kind: string,
): AsyncGenerator<OpenedFrame> {
  const window = new ReadWindow(read)
  const fileKey = await openFileKey(await window.take(0, fileHeaderBytes), lookup, file, kind)
  let offset = fileHeaderBytes
  for (let number = 0; ; number += 1) {
    const headerBytes = await window.take(offset, frameHeaderBytes)
    const header = decodeFrameHeader(headerBytes, file, offset)
    if (header.number !== number) {
      throw new MalformedDataError({
        what: 'frame header',
        file,
        offset: offset + 8,
        expected: `frame ${number}`,
        found: `frame ${header.number}`,
      })
    }
    const frame = await openFrame(
      fileKey,
      await window.take(offset, frameHeaderBytes + header.bodyBytes),
      file,
      offset,
    )
    offset += frame.length
    if (header.isLast) {
      const after = await window.take(offset, 1)
      if (after.length === 0) return
      throw new MalformedDataError({
        what: 'sealed file',
        file,
        offset,
        expected: 'the end of the file',
        found: 'more bytes',
      })
    }
    yield frame
  }
}

/** Turns many small reads into few: fetches ahead in pieces, and a long frame in one read of its own length. */
class ReadWindow {
  readonly #read: RangeReader
  #start = 0
  #bytes: Buffer = Buffer.alloc(0)

  constructor(read: RangeReader) {
    this.#read = read
  }

  /** Fewer than `length` bytes only at the end of the file. */
  async take(offset: number, length: number): Promise<Buffer> {
    const from = offset - this.#start
    if (from < 0 || from + length > this.#bytes.length) {
      const kept = from >= 0 && from < this.#bytes.length ? this.#bytes.subarray(from) : Buffer.alloc(0)
      const more = await this.#read(offset + kept.length, Math.max(readAheadBytes, length - kept.length))
      this.#bytes = kept.length === 0 ? more : Buffer.concat([kept, more])
      this.#start = offset
    }
    const start = offset - this.#start
    return this.#bytes.subarray(start, start + length)
  }
}

const readAheadBytes = 1024 * 1024

/** Ranges of bytes that are in memory already. */
export function rangesOf(bytes: Buffer): RangeReader {
  return async (offset, length) => bytes.subarray(offset, offset + length)
}
