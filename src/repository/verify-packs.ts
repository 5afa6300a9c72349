// Looking at packs: that they are there with the right length, or that every byte of them is as it was written.
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { ChunkIdMaker } from './chunk-id.ts'
import { ChunkIndex } from './chunk-index.ts'
import type { ChunkLocation } from './documents.ts'
import { PackPieces } from './pack-pieces.ts'
import { packKey, type SourceLayout } from './repository-keys.ts'
import {
  decodeFileHeader,
  decodeFrameHeader,
  type FileHeader,
  fileHeaderBytes,
  frameHeaderBytes,
} from './sealed-format.ts'
import { existingFileKey, type FileKey } from './sealed-key.ts'
import { openFrame } from './sealed-reader.ts'
import { isEnding, type VerifyFindings } from './verify-report.ts'

/** What opens packs of one data key; undefined when no identity was given. */
export interface PackOpener {
  readonly fileKey: (header: FileHeader, bytes: Buffer, file: string) => Promise<FileKey>
  readonly makeId: (dataKeyId: string) => Promise<ChunkIdMaker>
}

/** Opens packs with keys that `keysOf` finds. */
export function packOpener(
  keysOf: (
    dataKeyId: string,
  ) => Promise<{ fileKey: Parameters<typeof existingFileKey>[2]; makeId: ChunkIdMaker }>,
): PackOpener {
  return {
    fileKey: async (header, bytes, file) =>
      existingFileKey(header, bytes, (await keysOf(header.dataKeyId)).fileKey, file),
    makeId: async (dataKeyId) => (await keysOf(dataKeyId)).makeId,
  }
}

export class PackSurvey {
  readonly #store: ObjectStore
  readonly #layout: SourceLayout
  readonly #findings: VerifyFindings
  readonly #sizes = new Map<string, number>()
  readonly #numbers = new Map<string, number>()
  /** Frames that were read and are sound; only when data is read with keys. */
  readonly #sound = new ChunkIndex()
  /** Places of chunks that were found a second time. */
  readonly #again = new Map<string, { pack: number; offset: number }[]>()
  #isDataRead = false

  constructor(store: ObjectStore, layout: SourceLayout, findings: VerifyFindings) {
    this.#store = store
    this.#layout = layout
    this.#findings = findings
  }

  get sizes(): ReadonlyMap<string, number> {
    return this.#sizes
  }

  /** Lists all packs with their lengths. */
  async list(signal: AbortSignal | undefined): Promise<void> {
    for await (const { key, sizeBytes } of this.#store.list(this.#layout.packs, { signal })) {
      const name = key.slice(key.lastIndexOf('/') + 1)
      if (packKey(this.#layout, name) !== key) continue
      this.#sizes.set(name, sizeBytes)
      this.#numbers.set(name, this.#numbers.size)
      this.#findings.count('packs')
      this.#findings.count('packBytes', sizeBytes)
    }
  }

  /** Reads every byte of every pack, one frame in memory at a time. Without an opener only hashes and headers are checked. */
  async readAll(
    opener: PackOpener | undefined,
    progress: (doneBytes: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#isDataRead = opener !== undefined
    let done = 0
    for (const [name, sizeBytes] of this.#sizes) {
      signal?.throwIfAborted()
      await this.#readPack(name, sizeBytes, opener, signal)
      done += sizeBytes
      progress(done)
    }
  }

  /** True when the chunk can be restored from there, as far as it was looked at. */
  isSound(location: ChunkLocation): boolean {
    const size = this.#sizes.get(location.pack)
    if (size === undefined || location.offset + location.frameBytes > size) return false
    if (!this.#isDataRead) return true
    const pack = this.#numbers.get(location.pack)
    const found = this.#sound.find(location.id)
    if (found === undefined) return false
    const isThere = (place: { pack: number; offset: number }): boolean =>
      place.pack === pack && place.offset === location.offset
    return isThere(found) || (this.#again.get(location.id) ?? []).some(isThere)
  }

  async #readPack(
    name: string,
    sizeBytes: number,
    opener: PackOpener | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const key = packKey(this.#layout, name)
    const reader = new PackPieces(this.#store, key, sizeBytes, signal)
    try {
      await this.#readFrames(key, name, reader, opener)
    } catch (error) {
      if (!(error instanceof Error) || isEnding(error)) throw error
      this.#findings.problem(key, error.message)
    }
    const sha256 = await reader.sha256()
    if (sha256 === undefined) {
      this.#sizes.delete(name)
      this.#findings.problem(key, 'it is missing')
    } else if (sha256 !== name) this.#findings.problem(key, `its bytes have SHA-256 ${sha256}`)
  }

  /** Goes from frame to frame; one that does not open is noted, and the next one is where its clear header says. */
  async #readFrames(
    key: string,
    name: string,
    reader: PackPieces,
    opener: PackOpener | undefined,
  ): Promise<void> {
    const headerBytes = await reader.take(fileHeaderBytes)
    const header = decodeFileHeader(headerBytes, key)
    const fileKey = await opener?.fileKey(header, headerBytes, key)
    const makeId = await opener?.makeId(header.dataKeyId)
    for (let number = 0; ; number += 1) {
      const offset = reader.offset
      const frameHeader = await reader.take(frameHeaderBytes)
      const frame = decodeFrameHeader(frameHeader, key, offset)
      if (frame.number !== number) {
        throw unexpected(key, offset, `frame ${number}`, `frame ${frame.number}`)
      }
      const body = await reader.take(frame.bodyBytes)
      if (fileKey !== undefined && makeId !== undefined) {
        await this.#openChunk(fileKey, makeId, Buffer.concat([frameHeader, body]), key, name, offset)
      } else if (body.length < frame.bodyBytes) {
        throw unexpected(key, offset, `${frame.bodyBytes} bytes of body`, `${body.length}`)
      }
      if (frame.isLast) break
    }
    const after = await reader.take(1)
    if (after.length > 0) throw unexpected(key, reader.offset, 'the end of the file', 'more bytes')
  }

  async #openChunk(
    fileKey: FileKey,
    makeId: ChunkIdMaker,
    frame: Buffer,
    key: string,
    name: string,
    offset: number,
  ): Promise<void> {
    try {
      const { header, payload } = await openFrame(fileKey, frame, key, offset)
      if (header.chunkId === undefined) return
      if (makeId(payload) !== header.chunkId) {
        throw unexpected(key, offset, `chunk ${header.chunkId}`, 'bytes with another id')
      }
      this.#note(header.chunkId, name, offset, frame.length, header.plainBytes)
    } catch (error) {
      if (!(error instanceof MalformedDataError)) throw error
      this.#findings.problem(key, error.message)
    }
  }

  #note(id: string, name: string, offset: number, frameBytes: number, plainBytes: number): void {
    this.#findings.count('chunksRead')
    const pack = this.#numbers.get(name) ?? 0
    if (this.#sound.find(id) === undefined) {
      this.#sound.set(id, { pack, offset, frameBytes, plainBytes })
    } else this.#again.set(id, [...(this.#again.get(id) ?? []), { pack, offset }])
  }
}

function unexpected(file: string, offset: number, expected: string, found: string): MalformedDataError {
  return new MalformedDataError({ what: 'pack', file, offset, expected, found })
}
