// Getting single chunks out of packs by their place, each proven to be what its id says.
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { ChunkLocation } from './documents.ts'
import { freeNow } from './free-memory.ts'
import { missingObject, readingObject } from './repository-context.ts'
import { packKey, type SourceLayout } from './repository-keys.ts'
import { fileHeaderBytes } from './sealed-format.ts'
import type { FileKey } from './sealed-key.ts'
import { type DataKeyLookup, openFileKey, openFrame } from './sealed-reader.ts'

/** A file key is 112 bytes and saves one read of a pack's header; 1024 packs of 32 MiB are 32 GiB of chunks around. */
const maxFileKeys = 1024

export class PackReader {
  readonly #store: ObjectStore
  readonly #layout: SourceLayout
  readonly #lookup: DataKeyLookup
  readonly #fileKeys = new Map<string, Promise<FileKey>>()

  constructor(store: ObjectStore, layout: SourceLayout, lookup: DataKeyLookup) {
    this.#store = store
    this.#layout = layout
    this.#lookup = lookup
  }

  /** The payload of a chunk's frame; the caller checks that it hashes to the id. Throws VERIFY_FAILED naming the pack. */
  async read(location: ChunkLocation, signal?: AbortSignal): Promise<Buffer> {
    const key = packKey(this.#layout, location.pack)
    return readingObject(key, async () => {
      const fileKey = await this.#fileKey(location.pack, key, signal)
      const { offset, frameBytes } = location
      const bytes = await this.#store.get(key, { offset, length: frameBytes, signal })
      if (bytes === undefined) throw missingObject(key)
      const { header, payload } = await openFrame(fileKey, bytes, key, offset)
      if (payload.buffer !== bytes.buffer) freeNow(bytes.buffer)
      if (header.chunkId !== location.id) {
        throw new MalformedDataError({
          what: 'frame',
          file: key,
          offset,
          expected: `chunk ${location.id}`,
          found: header.chunkId ?? header.type,
        })
      }
      return payload
    })
  }

  async #fileKey(pack: string, key: string, signal: AbortSignal | undefined): Promise<FileKey> {
    const known = this.#fileKeys.get(pack)
    if (known !== undefined) return known
    const opening = (async () => {
      const header = await this.#store.get(key, { length: fileHeaderBytes, signal })
      if (header === undefined) throw missingObject(key)
      return openFileKey(header, this.#lookup, key, 'pack')
    })()
    this.#fileKeys.set(pack, opening)
    opening.catch(() => this.#fileKeys.delete(pack))
    const oldest = this.#fileKeys.keys().next()
    if (this.#fileKeys.size > maxFileKeys && oldest.done !== true) this.#fileKeys.delete(oldest.value)
    return opening
  }
}
