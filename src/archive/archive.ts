// The archived history of a source: its segments as a repository holds them, their transactions, and the source's files again.
import type { BinlogEvent } from '../binlog/binlog-event.ts'
import { splitEvents } from '../binlog/event-splitter.ts'
import { decodeFormatDescription } from '../binlog/format-description.ts'
import { type Transaction, transactions } from '../binlog/transaction.ts'
import { HoldfastError } from '../core/errors.ts'
import { type HistorySegment, type HistoryTransaction, historyRuns } from '../core/history.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import { decodeTransactions, type SegmentIndex, type SegmentTransaction } from '../core/segment-index.ts'
import { historySegments } from './history-segments.ts'
import { type ArchivedSegment, readSegment } from './read-segment.ts'
import type { SegmentRepository } from './segment-repository.ts'

/** What the index knows of a transaction, and its events: read in turn and once; going on to the next one skips what is left. */
export interface ArchivedTransaction extends SegmentTransaction {
  readonly timeline: string
  readonly file: string
  readonly transaction: Transaction
}

export interface ReadOptions {
  readonly timeline: string
  /** Start of a transaction, or any end of one. */
  readonly from: BinlogPosition
  /** Transactions that end behind it are not read. The end of the archive by default. */
  readonly until?: BinlogPosition
  readonly signal?: AbortSignal | undefined
}

export class Archive {
  readonly #source: SegmentRepository
  /** In order of timeline and number. */
  readonly #segments: readonly ArchivedSegment[]

  private constructor(source: SegmentRepository, segments: readonly ArchivedSegment[]) {
    this.#source = source
    this.#segments = segments
  }

  /** Reads the index of every segment, no data. Throws VERIFY_FAILED, WRONG_KEY, IDENTITY_MISSING. */
  static async open(source: SegmentRepository, signal?: AbortSignal): Promise<Archive> {
    const segments: ArchivedSegment[] = []
    for (const ref of await source.listSegments(undefined, signal)) {
      segments.push(await readSegment(source, ref, signal))
    }
    return new Archive(source, segments)
  }

  /** Names, oldest first. */
  timelines(): readonly string[] {
    return [...new Set(this.#segments.map(({ index }) => index.timeline))]
  }

  get segments(): readonly ArchivedSegment[] {
    return this.#segments
  }

  /** The same as the planner reads it: only whole transactions count, and what is missing is said. */
  history(): readonly HistorySegment[] {
    return historySegments(this.#segments.map(({ index }) => index))
  }

  /** The transactions that end in a segment. */
  transactionsOf(segment: Pick<HistorySegment, 'timeline' | 'seq'>): readonly HistoryTransaction[] {
    const found = this.#segments.find(
      ({ index }) => index.timeline === segment.timeline && index.seq === segment.seq,
    )
    return found === undefined ? [] : decodeTransactions(found.index)
  }

  /**
   * Streams transactions in the order of the log, across files, one event in memory at a time. Throws ARCHIVE_GAP where the
   * archive does not go on, VERIFY_FAILED where its bytes are not what was put there.
   */
  async *readTransactions(options: ReadOptions): AsyncGenerator<ArchivedTransaction> {
    const { from, until, signal } = options
    const chosen = this.#chosen(options)
    for (const run of filesOf(chosen)) {
      const known = new Map(
        run.flatMap(({ index }) => decodeTransactions(index).map((each) => [each.start, each])),
      )
      const { file, timeline } = run[0]!.index
      for await (const transaction of transactions(this.#events(run, signal))) {
        const { start } = transaction.group
        const entry = known.get(start)
        if (entry === undefined || (file === from.file && start < from.offset)) continue
        if (until !== undefined && file === until.file && entry.end > until.offset) return
        yield { ...entry, timeline, file, transaction }
      }
    }
  }

  /**
   * The source's file again, byte for byte, as far as it is archived. Of several timelines with a file of this name the newest
   * counts, unless one is named. Throws POINT_NOT_FOUND, ARCHIVE_GAP.
   */
  async exportFile(
    name: string,
    write: (bytes: Buffer) => Promise<void> | void,
    options: { readonly timeline?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<{ readonly bytes: number; readonly isComplete: boolean }> {
    const timeline =
      options.timeline ?? this.#segments.findLast(({ index }) => index.file === name)?.index.timeline
    const run = this.#segments.filter(({ index }) => index.file === name && index.timeline === timeline)
    const [first] = run
    if (first === undefined) {
      throw new HoldfastError('POINT_NOT_FOUND', `the archive of ${this.#source.name} has no file ${name}`, {
        file: name,
      })
    }
    let end = 0
    for (const { ref, index } of run) {
      if (index.start !== end) throw gap(index, end)
      for await (const piece of this.#source.readSegmentData(ref, options.signal)) await write(piece)
      end = index.end
    }
    const last = run.at(-1)!.index
    const isFollowed = this.#segments.some(({ index }) => index.timeline === timeline && index.seq > last.seq)
    return { bytes: end, isComplete: isFollowed || last.fileEnd !== undefined }
  }

  /** Segments from the one that holds `from` to the one that holds `until`. Throws POINT_NOT_FOUND and ARCHIVE_GAP. */
  #chosen({ timeline, from, until }: ReadOptions): ArchivedSegment[] {
    const all = this.#segments.filter(({ index }) => index.timeline === timeline)
    const first = all.findIndex(
      ({ index }) => index.file === from.file && index.start <= from.offset && from.offset < index.end,
    )
    const atEnd = all.findLastIndex(({ index }) => index.file === from.file && index.end === from.offset)
    const start = first >= 0 ? first : atEnd < 0 ? -1 : atEnd + 1
    if (start < 0) {
      throw new HoldfastError(
        'POINT_NOT_FOUND',
        `timeline ${timeline} of ${this.#source.name} does not hold ${from.file}:${from.offset}`,
        { timeline, file: from.file, offset: from.offset },
      )
    }
    const chosen = withOpenStart(all, start)
    const last = until === undefined ? -1 : chosen.findLastIndex(({ index }) => holds(index, until))
    const wanted = last < 0 ? chosen : chosen.slice(0, last + 1)
    const [run] = historyRuns(historySegments(wanted.map(({ index }) => index))).gaps
    if (run !== undefined) {
      throw new HoldfastError('ARCHIVE_GAP', `the archive of ${this.#source.name} has a gap: ${run.reason}`, {
        file: run.after.file,
        offset: run.after.offset,
      })
    }
    return wanted
  }

  /** The events of consecutive segments of one file; a format description stands first even when they begin within it. */
  async *#events(
    run: readonly ArchivedSegment[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<BinlogEvent> {
    const { start, formatEvent, file } = run[0]!.index
    const bytes = Buffer.from(formatEvent, 'base64')
    const format = start === 0 ? undefined : decodeFormatDescription(bytes, 4)
    if (format !== undefined) yield* splitEvents([bytes], { offset: 4, format })
    try {
      yield* splitEvents(this.#data(run, signal), { offset: start, format })
    } catch (error) {
      if (!(error instanceof MalformedDataError)) throw error
      throw new HoldfastError(
        'VERIFY_FAILED',
        `${file} in the archive: ${error.message}`,
        { file },
        { cause: error },
      )
    }
  }

  async *#data(run: readonly ArchivedSegment[], signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    for (const { ref } of run) yield* this.#source.readSegmentData(ref, signal)
  }
}

/** Also the segments before, back to where the transaction begins in which the first one starts. */
function withOpenStart(all: readonly ArchivedSegment[], start: number): ArchivedSegment[] {
  let first = start
  while (first > 0) {
    const before = all[first - 1]!.index
    const isWithin = before.openTransaction !== undefined && before.file === all[first]?.index.file
    if (!isWithin) break
    first--
  }
  return all.slice(first)
}

function holds(index: SegmentIndex, { file, offset }: BinlogPosition): boolean {
  return index.file === file && index.start <= offset && offset <= index.end
}

function filesOf(segments: readonly ArchivedSegment[]): ArchivedSegment[][] {
  const files: ArchivedSegment[][] = []
  for (const segment of segments) {
    const last = files.at(-1)
    if (last?.[0]?.index.file === segment.index.file) last.push(segment)
    else files.push([segment])
  }
  return files
}

function gap(index: SegmentIndex, end: number): HoldfastError {
  return new HoldfastError('ARCHIVE_GAP', `the archive lacks ${index.file} from ${end} to ${index.start}`, {
    file: index.file,
    start: end,
    end: index.start,
  })
}
