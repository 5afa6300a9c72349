// Segments as the planner of a restore reads them: where each stands, what it holds, and whether it follows the one before.
import type { HistorySegment } from '../core/history.ts'
import type { GtidState } from '../core/recovery-point.ts'
import { decodeTransactions, type SegmentIndex } from '../core/segment-index.ts'
import type { SourceIdentity } from '../core/source-identity.ts'

/** `indexes` in order of timeline and number. */
export function historySegments(indexes: readonly SegmentIndex[]): HistorySegment[] {
  const result: HistorySegment[] = []
  for (const [i, index] of indexes.entries()) {
    const next = indexes[i + 1]
    const isLast = next?.timeline !== index.timeline || next.seq !== index.seq + 1
    const end = wholeEnd(index, isLast)
    // A tail of nothing but an unfinished transaction is not history yet.
    if (end <= index.start) continue
    result.push(historySegment(index, end, indexes[i - 1]))
  }
  return result
}

/** At the end of the archive an unfinished transaction does not count; within it the rest is in the next segment. */
function wholeEnd(index: SegmentIndex, isLast: boolean): number {
  return isLast && index.openTransaction !== undefined ? index.openTransaction.start : index.end
}

function historySegment(
  index: SegmentIndex,
  end: number,
  previous: SegmentIndex | undefined,
): HistorySegment {
  const transactions = decodeTransactions(index)
  const times = transactions.map(({ timeMicros }) => timeMicros)
  const statementTransactions = transactions.filter(({ hasStatements }) => hasStatements).length
  const [incident] = index.incidents
  const gapBefore = brokenChain(index, previous)
  const { coveredUntilMicros } = index
  const usesGtids = index.gtidBefore !== '' || index.gtidAfter !== '' || transactions.length === 0
  return {
    timeline: index.timeline,
    seq: index.seq,
    server: serverOf(index.source),
    file: index.file,
    // The header of every event begins with its time.
    fileSeconds: Buffer.from(index.formatEvent, 'base64').readUInt32LE(0),
    // The first event stands behind the magic number.
    start: index.start === 0 ? 4 : index.start,
    end,
    ...(usesGtids
      ? { gtidBefore: state(index, index.gtidBefore), gtidAfter: state(index, index.gtidAfter) }
      : {}),
    transactionCount: transactions.length,
    ...(times.length === 0
      ? {}
      : {
          firstTimeMicros: times[0] ?? 0,
          maxTimeMicros: times.reduce((a, b) => Math.max(a, b)),
          lastTimeMicros: times.at(-1) ?? 0,
        }),
    ...(coveredUntilMicros === undefined ? {} : { coveredUntilMicros }),
    ...(incident === undefined ? {} : { incidentAt: incident.offset }),
    ...(statementTransactions === 0 ? {} : { statementTransactions }),
    ...(gapBefore === undefined ? {} : { gapBefore }),
  }
}

/** MariaDB's domain may be changed at any time, so it does not tell servers apart. */
function serverOf({ flavour, serverUuid, serverId }: SourceIdentity): string {
  return `${flavour}/${flavour === 'mysql' ? (serverUuid ?? '') : serverId}`
}

function state({ source }: SegmentIndex, text: string): GtidState {
  return { flavour: source.flavour, text }
}

function brokenChain(index: SegmentIndex, previous: SegmentIndex | undefined): string | undefined {
  if (previous?.timeline !== index.timeline || previous.seq + 1 !== index.seq) return undefined
  if (previous.chain === index.previousChain) return undefined
  return `segment ${index.seq} was written after another segment ${previous.seq} than the one that is there`
}
