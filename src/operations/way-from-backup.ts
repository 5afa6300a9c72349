// The stretches of archived log between a backup and a change, before it or behind it.
import type { Archive } from '../archive/archive.ts'
import { isAtOrAfter } from '../archive/binlog-order.ts'
import type { Stretch } from '../archive/definition-changes.ts'
import type { ShownTransaction } from '../archive/show-transactions.ts'
import { historyRuns } from '../core/history.ts'
import { type HistoryPath, historyPaths } from '../core/history-paths.ts'
import type { BinlogPosition, RecoveryPoint } from '../core/recovery-point.ts'
import { answer, runEnd } from '../core/run-history.ts'

interface Way {
  /** In the order of the log: from the backup on, over timelines, to the end of the archive. */
  readonly stretches: readonly Stretch[]
  /** The stretch before the backup, of the timeline that it lies on. */
  readonly before: Stretch
}

export class WayFromBackup {
  /** To the newest run first. */
  readonly #ways: readonly Way[]

  private constructor(ways: readonly Way[]) {
    this.#ways = ways
  }

  static of({ point }: { readonly point: RecoveryPoint }, archive: Archive): WayFromBackup {
    const { runs } = historyRuns(archive.history())
    const { paths } = answer(historyPaths({ point }, runs), (segment) => archive.transactionsOf(segment))
    return new WayFromBackup(paths.map(wayOf))
  }

  /** All that lies between, without a gap; undefined where that cannot be shown. */
  to({ timeline, file, start, end }: ShownTransaction): readonly Stretch[] | undefined {
    const place = { file, offset: start }
    // What the transaction itself did comes before the rows in it.
    const behind = { file, offset: end }
    for (const { stretches, before } of this.#ways) {
      const at = stretches.findIndex((stretch) => isWithin(timeline, place, stretch))
      const last = stretches[at]
      if (last !== undefined) return [...stretches.slice(0, at), { ...last, until: behind }]
      if (isWithin(timeline, place, before)) return [{ ...before, from: behind }]
    }
    return undefined
  }
}

function wayOf({ earlier, run, from, floor }: HistoryPath): Way {
  const spans = [...earlier, { run, from, until: runEnd(run) }]
  const stretches = spans.map((span) => ({
    timeline: span.run.timeline,
    from: span.from.position,
    until: span.until.position,
  }))
  const [first] = spans
  const begin = first?.run.segments[0]
  return {
    stretches,
    before: {
      timeline: first?.run.timeline ?? run.timeline,
      from: { file: begin?.file ?? '', offset: begin?.start ?? 0 },
      until: earlier.length === 0 ? floor.position : (first?.from ?? from).position,
    },
  }
}

function isWithin(timeline: string, place: BinlogPosition, stretch: Stretch): boolean {
  if (timeline !== stretch.timeline || !isAtOrAfter(place, stretch.from)) return false
  return !isAtOrAfter(place, stretch.until)
}
