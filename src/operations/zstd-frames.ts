// Cuts zstd into its frames: Node's decompressor ends with the first one where the next begins within the same piece of input.
import { MalformedDataError } from '../core/malformed-data-error.ts'

// RFC 8878, section 3.1.
const magic = 0xfd2fb528
/** 0x184D2A50 to 0x184D2A5F: bytes that mean nothing to a decompressor. */
const skippable = 0x184d2a5
const dictionaryBytes = [0, 1, 2, 4]
const sizeBytes = [0, 2, 4, 8]

type Part = 'magic' | 'skippable size' | 'descriptor' | 'block'

/** Takes bytes as they come and tells where frames end. */
class FrameEnds {
  #part: Part = 'magic'
  /** Bytes of the header of a part, as far as they are there. */
  #header: number[] = []
  /** How many bytes pass before the next part begins. */
  #skip = 0
  #hasChecksum = false
  #isLastBlock = false
  #offset = 0

  /** How many of the bytes from `at` on belong to the frame that is under way. */
  take(bytes: Buffer, at: number): number {
    let i = at
    while (i < bytes.length) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, bytes.length - i)
        this.#skip -= passed
        i += passed
        if (this.#skip > 0) break
      } else {
        this.#header.push(bytes[i++] ?? 0)
        this.#read()
      }
      if (this.#skip === 0 && this.#isLastBlock) {
        this.#isLastBlock = false
        this.#part = 'magic'
        this.#offset += i - at
        return i - at
      }
    }
    this.#offset += i - at
    return i - at
  }

  #read(): void {
    const header = Buffer.from(this.#header)
    switch (this.#part) {
      case 'magic':
        if (header.length < 4) return
        this.#begin(header.readUInt32LE(0))
        break
      case 'skippable size':
        if (header.length < 4) return
        this.#skip = header.readUInt32LE(0)
        this.#isLastBlock = true
        break
      case 'descriptor': {
        const [flags = 0] = header
        const isSingle = (flags & 0x20) !== 0
        const size = flags >> 6
        this.#hasChecksum = (flags & 0x04) !== 0
        this.#skip =
          (isSingle ? 0 : 1) +
          (dictionaryBytes[flags & 3] ?? 0) +
          (size === 0 && isSingle ? 1 : (sizeBytes[size] ?? 0))
        this.#part = 'block'
        break
      }
      case 'block': {
        if (header.length < 3) return
        const value = header.readUIntLE(0, 3)
        const isRun = ((value >> 1) & 3) === 1
        this.#isLastBlock = (value & 1) === 1
        this.#skip = (isRun ? 1 : value >> 3) + (this.#isLastBlock && this.#hasChecksum ? 4 : 0)
      }
    }
    this.#header = []
  }

  #begin(found: number): void {
    if (found === magic) this.#part = 'descriptor'
    else if (found >>> 4 === skippable) this.#part = 'skippable size'
    else {
      throw new MalformedDataError({
        what: 'zstd',
        offset: this.#offset,
        expected: 'the beginning of a frame',
        found: `0x${found.toString(16)}`,
      })
    }
  }
}

/** The same bytes, with a piece's end at the end of each frame. @throws MalformedDataError where a frame does not begin as one */
export async function* atFrameEnds(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const ends = new FrameEnds()
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; ) {
      const length = ends.take(bytes, at)
      yield bytes.subarray(at, at + length)
      at += length
    }
  }
}
