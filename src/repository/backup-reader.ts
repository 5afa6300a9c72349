// A backup opened for reading: its content, its objects, and their chunks one at a time.
import type { BackupObject, BackupOrigin, BackupSource, ObjectChunk } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { RecoveryPoint } from '../core/recovery-point.ts'
import { type ChunkIdMaker, chunkIdMaker } from './chunk-id.ts'
import { ChunkIndex } from './chunk-index.ts'
import {
  type ChunkLocation,
  type IndexDocument,
  parseDocument,
  type SegmentDocument,
  segmentDocument,
} from './documents.ts'
import type { KnownChunks } from './known-chunks.ts'
import { parseJson, type ReadManifest, summaryOf } from './manifest.ts'
import { type LocatedChunk, locatedChunk } from './map-segments.ts'
import type { PackReader } from './pack-reader.ts'
import { damagedObject, readingObject } from './repository-context.ts'
import { UsedChunks } from './used-chunks.ts'

type ObjectPlace = IndexDocument['objects'][number]

/** Segments are read for one object after the other; neighbours share one. */
const maxCachedSegments = 4

export class BackupReader implements BackupSource {
  readonly summary: BackupSummary
  readonly content: unknown
  readonly #key: string
  readonly #read: ReadManifest
  readonly #chunkIdKey: Buffer
  readonly #packReader: PackReader
  readonly #makeId: ChunkIdMaker
  readonly #objects: ReadonlyMap<string, ObjectPlace>
  readonly #segments = new Map<number, Promise<SegmentDocument>>()
  readonly #places = new ChunkIndex()
  readonly #packNumbers = new Map<string, number>()
  readonly #packNames: string[] = []
  #allSegmentsRead: Promise<void> | undefined

  private constructor(
    key: string,
    read: ReadManifest,
    packs: PackReader,
    makeId: ChunkIdMaker,
    chunkIdKey: Buffer,
    content: unknown,
  ) {
    this.summary = summaryOf(read.manifest)
    this.content = content
    this.#key = key
    this.#read = read
    this.#chunkIdKey = chunkIdKey
    this.#packReader = packs
    this.#makeId = makeId
    this.#objects = new Map(read.index.objects.map((place) => [place[0], place]))
  }

  /** Opens a backup with its content: for a restore. */
  static async open(
    key: string,
    read: ReadManifest,
    packs: PackReader,
    chunkIdKey: Buffer,
    signal?: AbortSignal,
  ): Promise<BackupReader> {
    const bare = BackupReader.openMap(key, read, packs, chunkIdKey)
    const content = await bare.readContent(signal)
    return new BackupReader(key, read, packs, bare.#makeId, chunkIdKey, content)
  }

  /** Opens a backup without its content: what its map says can be known although the content is lost. */
  static openMap(key: string, read: ReadManifest, packs: PackReader, chunkIdKey: Buffer): BackupReader {
    return new BackupReader(key, read, packs, chunkIdMaker(chunkIdKey), chunkIdKey, undefined)
  }

  /** The engine's JSON value. Throws VERIFY_FAILED. */
  async readContent(signal?: AbortSignal): Promise<unknown> {
    const pieces: Buffer[] = []
    for (const location of this.#read.manifest.content) {
      pieces.push(await readChunk(this.#packReader, this.#makeId, location, signal))
    }
    return readingObject(this.#key, async () => parseJson(Buffer.concat(pieces), this.#key))
  }

  get origin(): BackupOrigin {
    return this.summary.origin
  }

  get point(): RecoveryPoint {
    return this.summary.point
  }

  /** All packs that hold anything of this backup, with their lengths. */
  get packs(): IndexDocument['packs'] {
    return this.#read.index.packs
  }

  /** Chunks that belong to the backup itself: its content and its map. */
  get ownChunks(): readonly ChunkLocation[] {
    return [...this.#read.manifest.content, ...this.#read.index.segments]
  }

  objectNames(): readonly string[] {
    return [...this.#objects.keys()]
  }

  async object(name: string, signal?: AbortSignal): Promise<BackupObject> {
    const place = this.#objects.get(name)
    if (place === undefined) {
      throw new HoldfastError('FAILED', `backup ${this.summary.id} has no object ${name}`, { object: name })
    }
    const chunks: ObjectChunk[] = []
    for await (const { chunk } of this.#locatedChunks(place, signal)) chunks.push(chunk)
    return { name, chunks }
  }

  async getChunk(id: string, signal?: AbortSignal): Promise<Buffer> {
    if (this.#places.find(id) === undefined) {
      this.#allSegmentsRead ??= this.#readAllSegments(signal)
      await this.#allSegmentsRead
    }
    const place = this.#places.find(id)
    const pack = place && this.#packNames[place.pack]
    if (place === undefined || pack === undefined) {
      throw new HoldfastError('VERIFY_FAILED', `backup ${this.summary.id} has no chunk ${id}`, { chunk: id })
    }
    try {
      return await readChunk(this.#packReader, this.#makeId, { ...place, id, pack }, signal)
    } catch (error) {
      if (!isHoldfastError(error, 'VERIFY_FAILED')) throw error
      const affected = await this.#objectsWith(id)
      throw new HoldfastError(
        'VERIFY_FAILED',
        `${affected.join(', ') || 'a chunk'} of backup ${this.summary.id} cannot be read whole: ${error.message}`,
        { ...error.details, backup: this.summary.id, affected: affected.join(', ') },
        { cause: error },
      )
    }
  }

  /** All chunks of all objects, in order: what verify and a new backup go through. Holds one segment in memory. */
  async *allChunks(signal?: AbortSignal): AsyncGenerator<{ name: string } & LocatedChunk> {
    for (const place of this.#objects.values()) {
      for await (const located of this.#locatedChunks(place, signal)) yield { name: place[0], ...located }
    }
  }

  /** All chunks of this backup with their packs: what a later backup need not store again. */
  async knownChunks(signal?: AbortSignal): Promise<KnownChunks> {
    const used = new UsedChunks()
    for await (const { location } of this.allChunks(signal)) used.take(location)
    for (const location of this.ownChunks) used.take(location)
    const sizes = new Map(this.#read.index.packs)
    const packs = used.packs.map((sha256) => ({ sha256, sizeBytes: sizes.get(sha256) ?? 0 }))
    return { backup: this.summary.id, chunkIdKey: this.#chunkIdKey, chunks: used.index, packs }
  }

  async *#locatedChunks(place: ObjectPlace, signal: AbortSignal | undefined): AsyncGenerator<LocatedChunk> {
    const [name, count] = place
    let [, , number, entry] = place
    for (let done = 0; done < count; ) {
      const segment = await this.#segment(number, signal)
      const entries = segment.entries.slice(entry, entry + count - done)
      if (entries.length === 0) {
        throw damagedObject(this.#key, `map segment ${number} ends before object ${name}`)
      }
      for (const each of entries) {
        const located = await readingObject(this.#key, async () => locatedChunk(segment, each, this.#key))
        this.#note(located.location)
        yield located
      }
      done += entries.length
      number += 1
      entry = 0
    }
  }

  async #segment(number: number, signal: AbortSignal | undefined): Promise<SegmentDocument> {
    const known = this.#segments.get(number)
    if (known !== undefined) return known
    const location = this.#read.index.segments[number]
    if (location === undefined) throw damagedObject(this.#key, `it has no map segment ${number}`)
    const reading = (async () => {
      const bytes = await readChunk(this.#packReader, this.#makeId, location, signal)
      return readingObject(this.#key, async () =>
        parseDocument(segmentDocument, parseJson(bytes, this.#key), this.#key),
      )
    })()
    this.#segments.set(number, reading)
    reading.catch(() => this.#segments.delete(number))
    const oldest = this.#segments.keys().next()
    if (this.#segments.size > maxCachedSegments && oldest.done !== true) this.#segments.delete(oldest.value)
    return reading
  }

  #note(location: ChunkLocation): void {
    let pack = this.#packNumbers.get(location.pack)
    if (pack === undefined) {
      pack = this.#packNames.push(location.pack) - 1
      this.#packNumbers.set(location.pack, pack)
    }
    const { offset, frameBytes, plainBytes } = location
    this.#places.set(location.id, { pack, offset, frameBytes, plainBytes })
  }

  async #readAllSegments(signal: AbortSignal | undefined): Promise<void> {
    try {
      for await (const { location } of this.allChunks(signal)) this.#note(location)
    } catch (error) {
      this.#allSegmentsRead = undefined
      throw error
    }
  }

  /** Names of objects that a chunk belongs to; only asked for once something is broken. */
  async #objectsWith(id: string): Promise<readonly string[]> {
    const names = new Set<string>()
    for await (const { name, chunk } of this.allChunks()) if (chunk.id === id) names.add(name)
    return [...names]
  }
}

/** A chunk's payload, hashed again. */
export async function readChunk(
  packs: PackReader,
  makeId: ChunkIdMaker,
  location: ChunkLocation,
  signal?: AbortSignal,
): Promise<Buffer> {
  const payload = await packs.read(location, signal)
  if (makeId(payload) === location.id && payload.length === location.plainBytes) return payload
  throw damagedObject(`chunk ${location.id} in pack ${location.pack}`, 'its bytes are not what its id says')
}
