// Writing a sealed file into a buffer that its caller owns, frame by frame, hashing as it goes.
import { createHash } from 'node:crypto'
import { type CompressedPayload, compressPayload } from './compression.ts'
import {
  encodeFrameHeader,
  type FrameType,
  fileHeaderBytes,
  frameHeaderBytes,
  proofBytes,
  type SealedKind,
} from './sealed-format.ts'
import { type DataKey, type FileKey, frameNonce, newFileKey, sealBody } from './sealed-key.ts'

export interface FrameContent extends CompressedPayload {
  readonly type: FrameType
  readonly plainBytes: number
  readonly chunkId?: string
}

/** What the end frame needs: its header and its proof, with no payload between them. */
export const endFrameBytes = frameHeaderBytes + proofBytes

/** A sealed file on its way: a growing sequence of bytes in a buffer of fixed size. */
export class SealedWriter {
  readonly #target: Buffer
  readonly #fileKey: FileKey
  readonly #hash = createHash('sha256')
  #length = 0
  #frames = 0

  /** `target` must have room for the header, all frames, and the end frame; `fits` tells. */
  constructor(target: Buffer, fileKey: FileKey) {
    this.#target = target
    this.#fileKey = fileKey
    this.#append(fileKey.header)
  }

  get frames(): number {
    return this.#frames
  }

  /** True when a payload of this many stored bytes and the end frame still have room. */
  fits(storedBytes: number): boolean {
    return this.#length + frameHeaderBytes + storedBytes + proofBytes + endFrameBytes <= this.#target.length
  }

  /** Appends a frame; answers where it lies, header included. */
  add(content: FrameContent): { offset: number; length: number } {
    const offset = this.#length
    const isLast = content.type === 'end'
    const header = encodeFrameHeader({
      type: content.type,
      isCompressed: content.isCompressed,
      isLast,
      number: this.#frames,
      plainBytes: content.plainBytes,
      bodyBytes: content.storedBytes + proofBytes,
      ...(content.chunkId === undefined ? {} : { chunkId: content.chunkId }),
    })
    const nonce = frameNonce(this.#frames, isLast)
    this.#append(header)
    sealBody(this.#fileKey, header, nonce, content.pieces, (bytes) => this.#append(bytes))
    this.#frames += 1
    return { offset, length: this.#length - offset }
  }

  /** Adds the end frame. The bytes are a view of the target. */
  finish(): { bytes: Buffer; sha256: string } {
    this.add({ type: 'end', pieces: [], storedBytes: 0, isCompressed: false, plainBytes: 0 })
    return { bytes: this.#target.subarray(0, this.#length), sha256: this.#hash.digest('hex') }
  }

  #append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#target.length) throw new RangeError('sealed file is full')
    this.#target.set(bytes, this.#length)
    this.#hash.update(bytes)
    this.#length += bytes.length
  }
}

/** A whole file made of payloads that are in memory: manifests and segments. */
export async function sealFile(
  kind: SealedKind,
  dataKey: DataKey | undefined,
  payloads:
    | AsyncIterable<{ type: FrameType; bytes: Uint8Array }>
    | Iterable<{ type: FrameType; bytes: Uint8Array }>,
  level?: number,
): Promise<Buffer> {
  const frames: FrameContent[] = []
  let total = fileHeaderBytes + endFrameBytes
  for await (const { type, bytes } of payloads) {
    const compressed = await compressPayload(bytes, level === undefined ? {} : { level })
    // Where it was not compressed, this is a view of bytes that the giver may use again for the next one.
    const pieces = compressed.isCompressed ? compressed.pieces : [Buffer.from(bytes)]
    frames.push({ ...compressed, pieces, type, plainBytes: bytes.length })
    total += frameHeaderBytes + compressed.storedBytes + proofBytes
  }
  const writer = new SealedWriter(Buffer.allocUnsafeSlow(total), newFileKey(kind, dataKey))
  for (const frame of frames) writer.add(frame)
  return writer.finish().bytes
}
