// The newest recovery window of an instance, from a handful of reads however long its archive is.

import { Archive } from '../archive/archive.ts'
import { isAtOrAfter } from '../archive/binlog-order.ts'
import { historySegments } from '../archive/history-segments.ts'
import { readSegment } from '../archive/read-segment.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { isHoldfastError } from '../core/errors.ts'
import { stateCovers } from '../core/gtid-state.ts'
import type { HistoryRun } from '../core/history.ts'
import { historyPaths } from '../core/history-paths.ts'
import type { RecoveryPoint } from '../core/recovery-point.ts'
import { endOfRun, recoveryWindows } from '../core/recovery-window.ts'
import { answer } from '../core/run-history.ts'
import { decodeTransactions, type SegmentIndex } from '../core/segment-index.ts'
import type { SegmentRef } from '../repository/segment-store.ts'
import type { SourceRepository } from '../repository/source-repository.ts'

/** From the newest backup that the end of the archive goes on from, to that end. */
export interface NewestWindow {
  readonly backup: string
  readonly from: RecoveryPoint
  readonly to: RecoveryPoint
  readonly timeline: string
}

export interface NewestHistory {
  readonly window?: NewestWindow
  /** Of the last segment; undefined where nothing is archived. */
  readonly lastArrivalMillis?: number
}

/** A backup may be newer than the end of the archive, or hold a part only; those of a week, and some more. */
const triedBackups = 10

/**
 * Reads one index for each halving of the newest timeline, not all of them: that nothing is missing within it is told by the numbers of the segments alone,
 * which is what `holdfast verify --archive` does not content itself with. All are read only where no backup joins the newest timeline itself, and there is an older one.
 * Throws VERIFY_FAILED where one of those indexes is damaged.
 */
export async function readNewestHistory(
  source: SourceRepository,
  backupIds: readonly string[],
  signal: AbortSignal,
): Promise<NewestHistory> {
  const refs = await source.listSegments(undefined, signal)
  const last = refs.at(-1)
  if (last === undefined) return {}
  const newest = new NewestTimeline(
    source,
    refs.filter(({ timeline }) => timeline === last.timeline),
    signal,
  )
  const { lastArrivalMillis } = await newest.index(newest.length - 1)
  for (const id of backupIds.slice(-triedBackups).toReversed()) {
    const backup = await readable(source, id, signal)
    const window = backup === undefined || backup.isPartial ? undefined : await newest.windowFrom(backup)
    if (window !== undefined) return { window, lastArrivalMillis }
  }
  const isFirst = refs[0]?.timeline === last.timeline
  const window = isFirst ? undefined : await windowThrough(source, backupIds, last.timeline, signal)
  return { ...(window === undefined ? {} : { window }), lastArrivalMillis }
}

/** Over older timelines, which takes all indexes: until there is a backup behind a failover. */
async function windowThrough(
  source: SourceRepository,
  backupIds: readonly string[],
  newest: string,
  signal: AbortSignal,
): Promise<NewestWindow | undefined> {
  const backups: BackupSummary[] = []
  for (const id of backupIds) {
    const backup = await readable(source, id, signal)
    if (backup !== undefined) backups.push(backup)
  }
  const archive = await Archive.open(source, signal)
  const { windows } = answer(recoveryWindows(backups, archive.history()), (segment) =>
    archive.transactionsOf(segment),
  )
  const window = windows.findLast(({ timeline, endedBy }) => timeline === newest && endedBy === undefined)
  const from = backups.find(({ id }) => id === window?.backups.at(-1))
  if (window === undefined || from === undefined) return undefined
  return { backup: from.id, from: from.point, to: window.to, timeline: newest }
}

class NewestTimeline {
  readonly #source: SourceRepository
  /** In order of number; the end of them that has no hole. */
  readonly #refs: readonly SegmentRef[]
  readonly #signal: AbortSignal
  readonly #read = new Map<number, SegmentIndex>()

  constructor(source: SourceRepository, refs: readonly SegmentRef[], signal: AbortSignal) {
    const hole = refs.findLastIndex(({ seq }, i) => seq !== (refs[i - 1]?.seq ?? seq - 1) + 1)
    this.#source = source
    this.#refs = hole < 0 ? refs : refs.slice(hole)
    this.#signal = signal
  }

  get length(): number {
    return this.#refs.length
  }

  async index(at: number): Promise<SegmentIndex> {
    const known = this.#read.get(at)
    if (known !== undefined) return known
    const { index } = await readSegment(this.#source, this.#refs[at]!, this.#signal)
    this.#read.set(at, index)
    return index
  }

  /** Undefined where the end of the archive does not go on from the backup, or has not come as far. */
  async windowFrom({ id, point }: BackupSummary): Promise<NewestWindow | undefined> {
    let [low, high] = [0, this.length - 1]
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (reaches(await this.index(middle), point)) high = middle
      else low = middle + 1
    }
    const [joined, final] = [await this.index(low), await this.index(this.length - 1)]
    const run = runOf([joined])
    if (run === undefined || !joins(point, run, joined)) return undefined
    const end = runOf([final]) ?? run
    return { backup: id, from: point, to: endOfRun(end, point), timeline: final.timeline }
  }
}

/** True when the segment ends where the backup was taken, or behind. */
function reaches(
  { source: { flavour }, gtidAfter, file, end }: SegmentIndex,
  { gtid, position }: RecoveryPoint,
): boolean {
  if (gtid !== undefined && gtidAfter !== '') return stateCovers({ flavour, text: gtidAfter }, gtid)
  return position !== undefined && isAtOrAfter({ file, offset: end }, position)
}

function joins(point: RecoveryPoint, run: HistoryRun, index: SegmentIndex): boolean {
  return answer(historyPaths({ point }, [run]), () => decodeTransactions(index)).paths.length > 0
}

/** Undefined for a segment of nothing but an unfinished transaction. */
function runOf(indexes: readonly SegmentIndex[]): HistoryRun | undefined {
  const segments = historySegments(indexes)
  return segments.length === 0 ? undefined : { timeline: segments[0]!.timeline, segments }
}

/** Undefined for one that is damaged: `holdfast list` tells of that. */
async function readable(
  source: SourceRepository,
  id: string,
  signal: AbortSignal,
): Promise<BackupSummary | undefined> {
  try {
    return await source.readBackup(id, signal)
  } catch (error) {
    if (!isHoldfastError(error, 'VERIFY_FAILED')) throw error
    return undefined
  }
}
