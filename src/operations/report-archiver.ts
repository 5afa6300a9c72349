// Leaves what an archiver says of itself where others look for it: beside the spool, and in a file for Prometheus.
import type { ArchiverReport, OnReport } from '../archive/archiver-report.ts'
import { isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { describeArchiver, writeArchiverState, writeAtomically } from './archiver-state.ts'
import { metricsText } from './metrics-text.ts'
import type { SemiSyncFallback } from './semi-sync-fallback.ts'

export interface ReporterOptions {
  readonly source: string
  /** Where it is, in its own words. */
  readonly repository: string
  readonly spoolDir: string
  readonly metricsFile: string | undefined
  readonly isAcknowledging: boolean
  readonly fallback: SemiSyncFallback
  readonly emit: EmitEvent
}

export class ArchiverReporter {
  readonly #options: ReporterOptions
  readonly #startedAtMs = Date.now()
  readonly #failed = new Set<string>()
  #last: ArchiverReport | undefined

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  readonly onReport: OnReport = async (report) => {
    this.#last = report
    await this.#write(report, undefined)
  }

  /** Does nothing where the archiver never began: then the spool is somebody else's. */
  async end(outcome: unknown): Promise<void> {
    if (this.#last === undefined) return
    const ended = isHoldfastError(outcome) ? outcome.code : typeof outcome === 'string' ? outcome : 'BUG'
    await this.#write(this.#last, ended)
  }

  /** Never throws: a stream is worth more than the word of it. */
  async #write(report: ArchiverReport, ended: string | undefined): Promise<void> {
    const { source, repository, spoolDir, metricsFile, isAcknowledging, fallback } = this.#options
    const semiSync = isAcknowledging ? fallback.state : undefined
    const state = describeArchiver({
      report,
      repository,
      startedAtMs: this.#startedAtMs,
      isAcknowledging,
      semiSync,
      ended,
    })
    await this.#try(spoolDir, () => writeArchiverState(spoolDir, state))
    if (metricsFile !== undefined)
      await this.#try(metricsFile, () => writeAtomically(metricsFile, metricsText(source, state)))
  }

  async #try(place: string, write: () => Promise<void>): Promise<void> {
    try {
      await write()
      this.#failed.delete(place)
    } catch (error) {
      if (this.#failed.has(place)) return
      this.#failed.add(place)
      const reason = error instanceof Error ? error.message : String(error)
      this.#options.emit({
        type: 'notice',
        level: 'warning',
        message: `what this archiver says of itself cannot be written to ${place}: ${reason}`,
      })
    }
  }
}
