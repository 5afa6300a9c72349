// What an archiver tells of itself now and then, for whoever asks from outside.
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { AcknowledgementSummary } from './acknowledger.ts'

export interface ArchiverReport {
  readonly timeline: string | undefined
  /** Behind the last event that was taken. */
  readonly position: BinlogPosition | undefined
  readonly receivedBytes: number
  /** Put by this run. */
  readonly segments: number
  /** By our clock; undefined while this run has put none. */
  readonly lastPutAtMs: number | undefined
  readonly spool: { readonly usedBytes: number; readonly limitBytes: number; readonly isHeld: boolean }
  /** By our clock, since when; undefined while it is there. */
  readonly awaySinceMs: number | undefined
  readonly acknowledged: AcknowledgementSummary | undefined
}

/** Must not throw. */
export type OnReport = (report: ArchiverReport) => Promise<void>

const everyMs = 2000

/** Tells at its beginning, every two seconds, one after the other, and once more when it is disposed of. */
export class ReportTimer implements AsyncDisposable {
  readonly #report: () => Promise<void>
  #timer: NodeJS.Timeout | undefined
  #telling: Promise<void> | undefined

  constructor(onReport: OnReport, now: () => ArchiverReport) {
    this.#report = () => onReport(now())
  }

  begin(): void {
    this.#timer = setInterval(() => this.#tell(), everyMs)
    this.#tell()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#telling
    await this.#report()
  }

  #tell(): void {
    if (this.#telling !== undefined) return
    this.#telling = this.#report().finally(() => {
      this.#telling = undefined
    })
  }
}
