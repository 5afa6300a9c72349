// Puts small segments of an archive together now and then, while the archiver goes on.
import { counted } from '../core/counted.ts'
import type { EmitEvent } from '../core/events.ts'
import type { CompactOptions, CompactReport } from '../repository/compact-segments.ts'

export interface BackgroundCompactionOptions {
  readonly source: { compactSegments(options: CompactOptions): Promise<CompactReport> }
  /** Longer than anybody who has listed the segments takes to come to the last one, in milliseconds. */
  readonly graceMs: number
  /** Fewer small segments in a row are left as they are. */
  readonly fewest: number
  readonly everyMs: number
  readonly emit: EmitEvent
}

/** One object a time, so that neither memory nor the store have much to do with it at once. A failure is told, and ends nothing. */
export class BackgroundCompaction implements AsyncDisposable {
  readonly #options: BackgroundCompactionOptions
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #told: string | undefined

  constructor(options: BackgroundCompactionOptions) {
    this.#options = options
  }

  begin(): void {
    this.#timer = setInterval(() => {
      this.#running ??= this.run().finally(() => {
        this.#running = undefined
      })
    }, this.#options.everyMs)
    this.#timer.unref()
  }

  /** One step of it now. Never throws. */
  async run(): Promise<void> {
    const { source, graceMs, fewest, emit } = this.#options
    const { signal } = this.#stop
    try {
      const { packedSegments, packs } = await source.compactSegments({
        graceMs,
        fewest,
        mostPacks: 1,
        signal,
      })
      this.#told = undefined
      if (packs === 0) return
      const message = `${counted(packedSegments, 'small segment')} of the archive ${packedSegments === 1 ? 'was' : 'were'} put together into one object`
      emit({ type: 'notice', level: 'info', message })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (signal.aborted || reason === this.#told) return
      this.#told = reason
      emit({
        type: 'notice',
        level: 'warning',
        message: `small segments of the archive are not put together: ${reason}`,
      })
    }
  }

  /** Ends what is under way: the next time goes on with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#stop.abort()
    await this.#running
  }
}
