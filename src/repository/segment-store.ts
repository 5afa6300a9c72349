// Segments of the binary log in a repository: sealed files with numbers, claimed by being first.
import { HoldfastError } from '../core/errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { parseJson } from './manifest.ts'
import { missingObject, type RepositoryContext, readingObject } from './repository-context.ts'
import type { SourceLayout } from './repository-keys.ts'
import type { DataKey } from './sealed-key.ts'
import { type DataKeyLookup, readFrames } from './sealed-reader.ts'
import { sealFile } from './sealed-writer.ts'

export interface SegmentRef {
  readonly timeline: string
  readonly seq: number
  readonly key: string
  readonly sizeBytes: number
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
    const refs: SegmentRef[] = []
    const prefix = timeline === undefined ? this.#folder : `${this.#folder}${checkTimeline(timeline)}/`
    for await (const { key, sizeBytes } of this.#store.list(prefix, { signal })) {
      const match = /^([^/]+)\/(\d{16})$/.exec(key.slice(this.#folder.length))
      if (match?.[1] === undefined) continue
      refs.push({ timeline: match[1], seq: Number(match[2]), key, sizeBytes })
    }
    return refs
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
    const read = async (offset: number, length: number): Promise<Buffer> => {
      const bytes = await this.#store.get(ref.key, { offset, length, signal })
      if (bytes === undefined) throw missingObject(ref.key)
      return bytes
    }
    return readFrames(read, this.#lookup, ref.key, 'segment')
  }

  #keyOf(timeline: string, seq: number): string {
    if (!Number.isSafeInteger(seq) || seq < 0) {
      throw new HoldfastError('BUG', `${seq} cannot be the number of a segment`)
    }
    return `${this.#folder}${checkTimeline(timeline)}/${String(seq).padStart(16, '0')}`
  }
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
