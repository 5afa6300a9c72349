// The archived history of an instance as the planner reads it: segments of binary log, and the transactions in each.
import type { BinlogPosition, GtidState } from './recovery-point.ts'

/** A transaction (event group) of a binary log file: its bytes are [start, end). */
export interface HistoryTransaction {
  readonly start: number
  readonly end: number
  /** Absent where the source does not use GTIDs. */
  readonly gtid?: string
  /** When it was committed, as well as the archive knows; microseconds since 1970-01-01 UTC. */
  readonly timeMicros: number
}

/** One archived stretch of one binary log file: everything in [start, end). Segments of a timeline are numbered upwards. */
export interface HistorySegment {
  readonly timeline: string
  readonly seq: number
  /** Whose log it is: equal of one server, of two different. */
  readonly server?: string
  readonly file: string
  /** When the server created the file; seconds since 1970. */
  readonly fileSeconds?: number
  readonly start: number
  readonly end: number
  /** What was executed before the first and after the last transaction. Absent without GTIDs. */
  readonly gtidBefore?: GtidState
  readonly gtidAfter?: GtidState
  readonly transactionCount: number
  /** Commit time of the first transaction; absent when it has none. */
  readonly firstTimeMicros?: number
  /** Latest commit time in the segment; absent when it has no transaction. */
  readonly maxTimeMicros?: number
  /** Commit time of the last transaction; absent when it has none. */
  readonly lastTimeMicros?: number
  /** Until when nothing more was committed, as the archive saw; microseconds. Absent when it only knows `lastTimeMicros`. */
  readonly coveredUntilMicros?: number
  /** Where the source wrote that it lost events itself. */
  readonly incidentAt?: number
  /** Transactions with row changes logged as statements, whose replay may differ. */
  readonly statementTransactions?: number
  /** Set when the archive itself knows that events are missing before this segment, and why. */
  readonly gapBefore?: string
}

/** A place where the archive does not go on. */
export interface HistoryGap {
  readonly timeline: string
  readonly after: BinlogPosition
  readonly before: BinlogPosition
  readonly reason: string
}

/** A stretch of segments of one timeline without a gap between any two. */
export interface HistoryRun {
  readonly timeline: string
  readonly segments: readonly HistorySegment[]
}

/** Why `next` does not continue `previous`; undefined when it does. */
export function gapBetween(previous: HistorySegment, next: HistorySegment): string | undefined {
  if (next.gapBefore !== undefined) return next.gapBefore
  if (next.seq !== previous.seq + 1) return `segments ${previous.seq + 1} to ${next.seq - 1} are missing`
  return gapInPlaces(previous, next) ?? gapInGtids(previous, next)
}

function gapInPlaces(previous: HistorySegment, next: HistorySegment): string | undefined {
  if (next.file === previous.file) {
    return next.start === previous.end
      ? undefined
      : `${next.file} has no events from ${previous.end} to ${next.start}`
  }
  // The first event of every binary log file follows 4 bytes of magic.
  if (next.start !== 4) return `the first ${next.start - 4} bytes of ${next.file} are missing`
  const number = fileNumber(next.file)
  const previousNumber = fileNumber(previous.file)
  if (number === undefined || previousNumber === undefined || number === previousNumber + 1) return undefined
  return `binary log files between ${previous.file} and ${next.file} are missing`
}

function gapInGtids(previous: HistorySegment, next: HistorySegment): string | undefined {
  const { gtidAfter } = previous
  const { gtidBefore } = next
  if (gtidAfter === undefined || gtidBefore === undefined || gtidAfter.text === gtidBefore.text)
    return undefined
  // A file may be cut before the event that says what was executed before it.
  if (next.file === previous.file && previous.start === 4 && previous.transactionCount === 0) return undefined
  const [from, to] = [gtidAfter.text || 'no GTID', gtidBefore.text || 'no GTID']
  return next.file === previous.file
    ? `${next.file} is at ${from} before offset ${next.start} and at ${to} behind it`
    : `${previous.file} ends at ${from} and ${next.file} starts at ${to}`
}

/** The number at the end of a binary log file's name: 7 in `binlog.000007`. */
function fileNumber(file: string): number | undefined {
  const digits = /\.([0-9]+)$/.exec(file)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Cuts each timeline's segments into runs at their gaps. Segments may come in any order. */
export function historyRuns(segments: readonly HistorySegment[]): { runs: HistoryRun[]; gaps: HistoryGap[] } {
  const runs: HistoryRun[] = []
  const gaps: HistoryGap[] = []
  for (const [timeline, ofTimeline] of Map.groupBy(segments, (segment) => segment.timeline)) {
    let run: HistorySegment[] = []
    for (const segment of ofTimeline.toSorted((a, b) => a.seq - b.seq)) {
      const previous = run.at(-1)
      const reason = previous === undefined ? undefined : gapBetween(previous, segment)
      if (previous !== undefined && reason !== undefined) {
        gaps.push({
          timeline,
          after: { file: previous.file, offset: previous.end },
          before: { file: segment.file, offset: segment.start },
          reason,
        })
        runs.push({ timeline, segments: run })
        run = []
      }
      run.push(segment)
    }
    if (run.length > 0) runs.push({ timeline, segments: run })
  }
  return { runs, gaps }
}
