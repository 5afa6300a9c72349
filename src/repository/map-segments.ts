// Map segments: which chunks an object is made of and where they lie, at most 4096 to a segment, each itself a chunk.
import type { ObjectChunk, StoredObject } from '../core/backup.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { ChunkLocation, IndexDocument, SegmentDocument } from './documents.ts'

/** 4096 entries of 256 KiB are 1 GiB of a data file; unchanged GiB of a file then share their segment with the backup before. */
export const maxSegmentEntries = 4096

type SegmentEntry = SegmentDocument['entries'][number]

export interface SegmentedObjects {
  /** In order. Made one at a time, so that a great backup's map is never in memory whole. */
  readonly segments: Generator<SegmentDocument>
  /** Complete when `segments` has ended. */
  readonly objects: IndexDocument['objects']
}

/**
 * Cuts the chunk lists of all objects into segments. An object that would not fit into what is left of a segment starts a
 * new one, so that great objects have segments of their own and small ones share.
 */
export function segmentObjects(
  objects: readonly StoredObject[],
  locate: (chunkId: string) => ChunkLocation,
): SegmentedObjects {
  const places: IndexDocument['objects'] = []
  const segments = function* (): Generator<SegmentDocument> {
    let segment = new SegmentBuilder()
    let number = 0
    for (const { name, chunks } of objects) {
      if (segment.size > 0 && segment.size + chunks.length > maxSegmentEntries) {
        yield segment.document
        segment = new SegmentBuilder()
        number += 1
      }
      places.push([name, chunks.length, number, segment.size])
      for (const chunk of chunks) {
        if (segment.size === maxSegmentEntries) {
          yield segment.document
          segment = new SegmentBuilder()
          number += 1
        }
        segment.add(chunk, locate(chunk.id))
      }
    }
    if (segment.size > 0) yield segment.document
  }
  return { segments: segments(), objects: places }
}

class SegmentBuilder {
  readonly document: SegmentDocument = { format: 1, packs: [], entries: [] }
  readonly #packNumbers = new Map<string, number>()

  get size(): number {
    return this.document.entries.length
  }

  add(chunk: ObjectChunk, location: ChunkLocation): void {
    let pack = this.#packNumbers.get(location.pack)
    if (pack === undefined) {
      pack = this.document.packs.push(location.pack) - 1
      this.#packNumbers.set(location.pack, pack)
    }
    const { id, offset, frameBytes, plainBytes } = location
    this.document.entries.push([id, pack, offset, frameBytes, plainBytes, chunk.rows, chunk.rowHash])
  }
}

export interface LocatedChunk {
  readonly chunk: ObjectChunk
  readonly location: ChunkLocation
}

/** One entry of a segment in plain words. Throws MalformedDataError when it points outside the segment's list of packs. */
export function locatedChunk(segment: SegmentDocument, entry: SegmentEntry, file: string): LocatedChunk {
  const [id, packNumber, offset, frameBytes, plainBytes, rows, rowHash] = entry
  const pack = segment.packs[packNumber]
  if (pack === undefined) {
    throw new MalformedDataError({
      what: 'map segment',
      file,
      offset: 0,
      expected: `a pack below ${segment.packs.length}`,
      found: `${packNumber}`,
    })
  }
  return { chunk: { id, plainBytes, rows, rowHash }, location: { id, pack, offset, frameBytes, plainBytes } }
}
