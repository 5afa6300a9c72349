// Small segments are put together into larger objects, as they are; the objects they came from go once nobody reads them any more.
import { HoldfastError } from '../core/errors.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { packBytes, packName } from './segment-pack.ts'
import type { SegmentRef, SegmentStore } from './segment-store.ts'

export interface CompactOptions {
  /** How long a segment stays after it was put together with others; for readers that listed it before. */
  readonly graceMs: number
  /** Fewer than so many small segments in a row are left as they are. */
  readonly fewest: number
  /** Makes and clears up no more than so many; all by default. */
  readonly mostPacks?: number
  readonly signal?: AbortSignal | undefined
}

export interface CompactReport {
  /** Segments that were put together now, and into how many objects. */
  readonly packedSegments: number
  readonly packs: number
  /** Objects that were removed, because their bytes are in a pack for long enough. */
  readonly removedObjects: number
}

const mebibyte = 1024 * 1024
/** A segment that was sealed for its size has 16 MiB before compression, and is large enough. */
const smallBytes = 2 * mebibyte
const packTargetBytes = 16 * mebibyte
const mostMembers = 1024

/** May be ended at any moment and run again. Throws VERIFY_FAILED where a pack does not hold what it was made of; nothing is removed then. */
export async function compactSegments(
  store: ObjectStore,
  segments: SegmentStore,
  options: CompactOptions,
): Promise<CompactReport> {
  const removedObjects = await removePacked(store, segments, options)
  let packedSegments = 0
  let packs = 0
  const loose = (await segments.list(undefined, options.signal)).filter(({ pack }) => pack === undefined)
  for (const group of groups(loose, options.fewest).slice(0, options.mostPacks)) {
    options.signal?.throwIfAborted()
    await packGroup(store, group, options.signal)
    packedSegments += group.length
    packs += 1
  }
  return { packedSegments, packs, removedObjects }
}

/** Small ones with consecutive numbers, oldest first. */
function groups(refs: readonly SegmentRef[], fewest: number): SegmentRef[][] {
  const found: SegmentRef[][] = []
  let group: SegmentRef[] = []
  let bytes = 0
  const close = (): void => {
    if (group.length >= fewest) found.push(group)
    group = []
    bytes = 0
  }
  for (const ref of refs) {
    const last = group.at(-1)
    const isNext = last === undefined || (last.timeline === ref.timeline && last.seq + 1 === ref.seq)
    const isFull = bytes + ref.sizeBytes > packTargetBytes || group.length === mostMembers
    if (!isNext || isFull || ref.sizeBytes > smallBytes) close()
    if (ref.sizeBytes > smallBytes) continue
    group.push(ref)
    bytes += ref.sizeBytes
  }
  close()
  return found
}

async function packGroup(
  store: ObjectStore,
  group: readonly SegmentRef[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const [first, last] = [group[0]!, group.at(-1)!]
  const files: Buffer[] = []
  for (const { key } of group) {
    const file = await store.get(key, { signal })
    if (file === undefined) throw new HoldfastError('VERIFY_FAILED', `${key} is missing`, { object: key })
    files.push(file)
  }
  const folder = first.key.slice(0, first.key.lastIndexOf('/') + 1)
  // One that another run made at the same time is the same, or is compared before anything is removed.
  await store.putIfAbsent(`${folder}${packName({ first: first.seq, last: last.seq })}`, packBytes(files), {
    signal,
  })
}

/** What a pack has held for long enough is removed under its own name, once all of it was read and compared. */
async function removePacked(
  store: ObjectStore,
  segments: SegmentStore,
  { graceMs, mostPacks = Number.POSITIVE_INFINITY, signal }: CompactOptions,
): Promise<number> {
  let removed = 0
  let cleared = 0
  const byPack = Map.groupBy(await segments.listTwice(signal), ({ ref }) => ref.key)
  for (const [key, members] of byPack) {
    signal?.throwIfAborted()
    if (cleared === mostPacks) break
    const head = await store.head(key, { signal })
    if (head === undefined || Date.now() - head.modifiedMs < graceMs) continue
    for (const { ref, ownKey } of members) {
      const own = await store.get(ownKey, { signal })
      if (own === undefined || own.equals(await segments.readFile(ref, signal))) continue
      throw new HoldfastError('VERIFY_FAILED', `${key} does not hold segment ${ref.seq} as it was put`, {
        object: key,
      })
    }
    await store.delete(
      members.map(({ ownKey }) => ownKey),
      { signal },
    )
    removed += members.length
    cleared += 1
  }
  return removed
}
