// Use case: tell which binary log files are in the archive, as far as each goes.
import type { ArchivedSegment } from '../archive/read-segment.ts'
import { type HistoryGap, historyRuns } from '../core/history.ts'
import { type ArchiveRequest, openArchive } from './open-archive.ts'

export interface ArchivedFile {
  readonly timeline: string
  readonly file: string
  /** Bytes of the file that are archived. */
  readonly sizeBytes: number
  /** From its first byte to its last. */
  readonly isComplete: boolean
  readonly segments: number
  readonly transactions: number
  /** GTID set or position before and after the file's transactions; '' for none. */
  readonly gtidBefore: string
  readonly gtidAfter: string
  /** Commit time of the last transaction up to here, microseconds since 1970; 0 when there is none. */
  readonly lastTimeMicros: number
}

export interface ArchiveListing {
  readonly files: readonly ArchivedFile[]
  readonly gaps: readonly HistoryGap[]
}

export async function listBinlogs(request: ArchiveRequest, signal: AbortSignal): Promise<ArchiveListing> {
  const archive = await openArchive(request, signal)
  const byFile = Map.groupBy(archive.segments, ({ index }) => `${index.timeline}/${index.file}`)
  const last = archive.segments.at(-1)
  const files = [...byFile.values()].map((segments) => describeFile(segments, last))
  return { files, gaps: historyRuns(archive.history()).gaps }
}

function describeFile(
  segments: readonly ArchivedSegment[],
  lastOfAll: ArchivedSegment | undefined,
): ArchivedFile {
  const [first, last] = [segments[0]?.index, segments.at(-1)?.index]
  if (first === undefined || last === undefined) throw new TypeError('a file without segments')
  let end = 0
  let isWhole = true
  for (const { index } of segments) {
    isWhole &&= index.start === end
    end = index.end
  }
  // A file that another one follows has ended, also where a crash kept the source from saying so.
  const hasEnded =
    last.fileEnd !== undefined ||
    lastOfAll?.index.timeline !== last.timeline ||
    lastOfAll.index.seq > last.seq
  return {
    timeline: first.timeline,
    file: first.file,
    sizeBytes: segments.reduce((sum, { index }) => sum + index.end - index.start, 0),
    isComplete: isWhole && hasEnded,
    segments: segments.length,
    transactions: segments.reduce((sum, { index }) => sum + index.transactions.lengths.length, 0),
    gtidBefore: first.gtidBefore,
    gtidAfter: last.gtidAfter,
    lastTimeMicros: last.timeMicros,
  }
}
