// Segments of the binary log in a repository: sealed files with numbers, claimed by being first.
import { HoldfastError } from '../core/errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { parseJson } from './manifest.ts'
import { missingObject, type RepositoryContext, readingObject } from './repository-context.ts'
import type { SourceLayout } from './repository-keys.ts'
import type { DataKey } from './sealed-key.ts'
import { type DataKeyLookup, type RangeReader, readFrames } from './sealed-reader.ts'
import { checkFrames } from './sealed-walk.ts'
import { sealFile } from './sealed-writer.ts'
import { type PackedPlace, type PackedRange, parsePackName, readTable, tableBytes } from './segment-pack.ts'

export interface SegmentRef {
  readonly timeline: string
  readonly seq: number
  /** Of its own object, or of the pack that it is in. */
  readonly key: string
  /** Stored bytes; those of a pack are told with its first segment alone. */
  readonly sizeBytes: number
  readonly pack?: PackedRange
}

export interface NewSegment {
  /** The archive's own JSON value about the data: readable without reading the data. */
  readonly index: unknown
  readonly data: Iterable<Uint8Array>
}

/** Binary log events compress well together; more in one frame would only cost memory. */
const dataFrameBytes = 4 * 1024 * 1024

const timelinePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

export class SegmentStore {
  readonly #store: ObjectStore
  readonly #compressLevel: number
  readonly #folder: string
  readonly #lookup: DataKeyLookup
  /** By the key of the pack. */
  readonly #tables = new Map<string, readonly PackedPlace[]>()

  constructor(
    { store, compressLevel }: Pick<RepositoryContext, 'store' | 'compressLevel'>,
    layout: SourceLayout,
    lookup: DataKeyLookup,
  ) {
    this.#store = store
    this.#compressLevel = compressLevel
    this.#folder = layout.binlog
    this.#lookup = lookup
  }

  /** Answers `exists` when another writer claimed this number first; a repeated try of this very call is `created`. */
  async put(
    timeline: string,
    seq: number,
    segment: NewSegment,
    dataKey: DataKey | undefined,
    signal?: AbortSignal,
  ): Promise<'created' | 'exists'> {
    const key = this.#keyOf(timeline, seq)
    const bytes = await sealFile('segment', dataKey, framesOf(segment), this.#compressLevel)
    if ((await this.#store.putIfAbsent(key, bytes, { signal })) === 'created') return 'created'
    const there = await this.#store.head(key, { signal })
    if (there?.sizeBytes !== bytes.length) return 'exists'
    return (await this.#store.get(key, { signal }))?.equals(bytes) === true ? 'created' : 'exists'
  }

  /** In order of timeline and number. */
  async list(timeline?: string, signal?: AbortSignal): Promise<readonly SegmentRef[]> {
    const { packed, alone } = await this.#find(timeline, signal)
    const isPacked = new Set(packed.map(placeName))
    const refs = [...packed, ...alone.filter((ref) => !isPacked.has(placeName(ref)))]
    return refs.toSorted((a, b) =>
      a.timeline === b.timeline ? a.seq - b.seq : a.timeline < b.timeline ? -1 : 1,
    )
  }

  /** Segments that are in a pack, and under a key of their own as well. */
  async listTwice(
    signal?: AbortSignal,
  ): Promise<readonly { readonly ref: SegmentRef; readonly ownKey: string }[]> {
    const { packed, alone } = await this.#find(undefined, signal)
    const byName = new Map(alone.map((ref) => [placeName(ref), ref.key]))
    return packed.flatMap((ref) => {
      const ownKey = byName.get(placeName(ref))
      return ownKey === undefined ? [] : { ref, ownKey }
    })
  }

  async #find(
    timeline: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly packed: readonly SegmentRef[]; readonly alone: readonly SegmentRef[] }> {
    const packed = new Map<string, SegmentRef>()
    const alone: SegmentRef[] = []
    const prefix = timeline === undefined ? this.#folder : `${this.#folder}${checkTimeline(timeline)}/`
    for await (const { key, sizeBytes } of this.#store.list(prefix, { signal })) {
      const match = /^([^/]+)\/([^/]+)$/.exec(key.slice(this.#folder.length))
      if (match?.[1] === undefined || match[2] === undefined) continue
      const [, folder, name] = match
      const pack = parsePackName(name)
      if (pack === undefined) {
        if (/^\d{16}$/.test(name)) alone.push({ timeline: folder, seq: Number(name), key, sizeBytes })
        continue
      }
      for (let { first: seq } = pack; seq <= pack.last; seq += 1) {
        const ref = { timeline: folder, seq, key, sizeBytes: seq === pack.first ? sizeBytes : 0, pack }
        // Two runs at once may have packed a segment twice: either will do.
        if (!packed.has(placeName(ref))) packed.set(placeName(ref), ref)
      }
    }
    return { packed: [...packed.values()], alone }
  }

  /** The sealed file of a segment, as it was put. */
  async readFile(ref: SegmentRef, signal?: AbortSignal): Promise<Buffer> {
    const { offset, length } = await this.#placeOf(ref, signal)
    const bytes = await this.#store.get(ref.key, { offset, length, signal })
    if (bytes === undefined) throw missingObject(ref.key)
    return bytes
  }

  /** Its frames follow one another up to an end frame that ends it: seen without any key. Throws VERIFY_FAILED. */
  async checkForm(ref: SegmentRef, signal?: AbortSignal): Promise<void> {
    await checkFrames(this.#store, ref.key, 'segment', signal, ref.pack && (await this.#placeOf(ref, signal)))
  }

  /** Reads the first frame only. Throws VERIFY_FAILED when it is damaged. */
  async readIndex(ref: SegmentRef, signal?: AbortSignal): Promise<unknown> {
    return readingObject(ref.key, async () => {
      for await (const { header, payload } of this.#frames(ref, signal)) {
        if (header.type === 'document') return parseJson(payload, ref.key)
        break
      }
      throw new HoldfastError('VERIFY_FAILED', `${ref.key} has no index`, { object: ref.key })
    })
  }

  /** The data as it was put, in pieces. Throws VERIFY_FAILED when any byte is missing or changed, after the sound ones. */
  async *readData(ref: SegmentRef, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const frames = this.#frames(ref, signal)
    for (;;) {
      const next = await readingObject(ref.key, () => frames.next())
      if (next.done === true) return
      if (next.value.header.type === 'data') yield next.value.payload
    }
  }

  #frames(ref: SegmentRef, signal: AbortSignal | undefined): ReturnType<typeof readFrames> {
    return readFrames(this.#reader(ref, signal), this.#lookup, ref.key, 'segment')
  }

  #reader(ref: SegmentRef, signal: AbortSignal | undefined): RangeReader {
    let found = ref
    return async (offset, length) => {
      const bytes = await this.#readRange(found, offset, length, signal)
      if (bytes !== undefined) return bytes
      // It may have been put together with others, and removed, after it was listed.
      const now = (await this.list(ref.timeline, signal)).find(({ seq }) => seq === ref.seq)
      if (now?.pack === undefined || now.key === found.key) throw missingObject(ref.key)
      found = now
      const moved = await this.#readRange(found, offset, length, signal)
      if (moved === undefined) throw missingObject(found.key)
      return moved
    }
  }

  /** Undefined where there is no such object. */
  async #readRange(
    ref: SegmentRef,
    offset: number,
    length: number,
    signal: AbortSignal | undefined,
  ): Promise<Buffer | undefined> {
    if (ref.pack === undefined) return this.#store.get(ref.key, { offset, length, signal })
    const place = await this.#placeOf(ref, signal)
    const rest = Math.max(0, place.length - offset)
    if (rest === 0) return Buffer.alloc(0)
    return this.#store.get(ref.key, { offset: place.offset + offset, length: Math.min(length, rest), signal })
  }

  /** In its object. Throws VERIFY_FAILED for a pack with another table than its own. */
  async #placeOf({ key, seq, pack }: SegmentRef, signal: AbortSignal | undefined): Promise<PackedPlace> {
    if (pack === undefined) return { offset: 0, length: Number.MAX_SAFE_INTEGER }
    const places = this.#tables.get(key) ?? (await this.#readTable(key, pack, signal))
    const place = places[seq - pack.first]
    if (place === undefined) throw new HoldfastError('BUG', `${key} has no segment ${seq}`)
    return place
  }

  async #readTable(
    key: string,
    pack: PackedRange,
    signal: AbortSignal | undefined,
  ): Promise<readonly PackedPlace[]> {
    const bytes = await this.#store.get(key, { length: tableBytes(pack), signal })
    if (bytes === undefined) throw missingObject(key)
    const places = await readingObject(key, async () => readTable(bytes, pack, key))
    this.#tables.set(key, places)
    return places
  }

  #keyOf(timeline: string, seq: number): string {
    if (!Number.isSafeInteger(seq) || seq < 0) {
      throw new HoldfastError('BUG', `${seq} cannot be the number of a segment`)
    }
    return `${this.#folder}${checkTimeline(timeline)}/${String(seq).padStart(16, '0')}`
  }
}

function placeName({ timeline, seq }: SegmentRef): string {
  return `${timeline}/${seq}`
}

function checkTimeline(timeline: string): string {
  if (timelinePattern.test(timeline)) return timeline
  throw new HoldfastError('BUG', `'${timeline.slice(0, 200)}' cannot be the name of a timeline`)
}

/** One document frame with the index, then data frames. The pieces of `data` are joined to frames of a few MiB. */
function* framesOf(segment: NewSegment): Generator<{ type: 'document' | 'data'; bytes: Uint8Array }> {
  yield { type: 'document', bytes: Buffer.from(JSON.stringify(segment.index ?? null)) }
  let pieces: Uint8Array[] = []
  let length = 0
  for (const piece of segment.data) {
    for (let start = 0; start < piece.length; ) {
      const part = piece.subarray(start, start + dataFrameBytes - length)
      pieces.push(part)
      length += part.length
      start += part.length
      if (length < dataFrameBytes) continue
      yield { type: 'data', bytes: Buffer.concat(pieces) }
      pieces = []
      length = 0
    }
  }
  if (length > 0) yield { type: 'data', bytes: Buffer.concat(pieces) }
}
