// Tells when a source stops waiting for the archive, and when it waits again.
import { counted } from '../core/counted.ts'
import type { EmitEvent } from '../core/events.ts'
import type { SemiSync } from '../instance/semi-sync.ts'

type Seen = Pick<SemiSync, 'isEnabled' | 'isWaiting' | 'replicas' | 'wanted' | 'unacknowledged'>

export interface SemiSyncState {
  readonly isEnabled: boolean
  readonly isWaiting: boolean
  /** How often it has stopped waiting since the first look. */
  readonly fallbacks: number
  /** Commits since then that went without an acknowledgement. */
  readonly unacknowledged: number
}

export class SemiSyncFallback {
  readonly #emit: EmitEvent
  #wasWaiting = true
  /** Undefined before the first look: what was not acknowledged before us is no news. */
  #unacknowledged: number | undefined
  #isSharedTold = false
  #fallbacks = 0
  #missedBefore = 0
  #state: SemiSyncState | undefined

  constructor(emit: EmitEvent) {
    this.#emit = emit
  }

  /** Undefined before the first look. */
  get state(): SemiSyncState | undefined {
    return this.#state
  }

  /** One look at the source; undefined where it knows no semi-synchronous replication (any more). */
  note(seen: Seen | undefined): void {
    const isWaiting = seen?.isEnabled === true && seen.isWaiting
    const total = seen?.unacknowledged ?? 0
    // The source counts from its own start.
    const missed = Math.max(0, total - Math.min(total, this.#unacknowledged ?? total))
    // Where it is not enabled at the start, the stream says so itself.
    const isFirst = this.#unacknowledged === undefined
    if (!isWaiting && this.#wasWaiting && !(isFirst && seen?.isEnabled !== true)) {
      this.#fallbacks++
      this.#tell(
        'warning',
        seen?.isEnabled === true
          ? 'the source has fallen back to asynchronous replication: it no longer waits for the archive, and commits can be lost with it'
          : 'semi-synchronous replication is not enabled on the source: it does not wait for the archive, and commits can be lost with it',
      )
    } else if (isWaiting && !this.#wasWaiting) {
      this.#tell(
        'info',
        `the source waits for the archive again${missed === 0 ? '' : `; ${counted(missed, 'commit')} went without`}`,
      )
    } else if (isWaiting && missed > 0) {
      this.#fallbacks++
      this.#tell(
        'warning',
        `the source did not wait for the archive for a while: ${counted(missed, 'commit')} went without; it waits again`,
      )
    }
    this.#state = {
      isEnabled: seen?.isEnabled === true,
      isWaiting,
      fallbacks: this.#fallbacks,
      unacknowledged: this.#missedBefore + missed,
    }
    if (isWaiting) this.#missedBefore += missed
    // While it does not wait, what went without is counted until it waits again.
    if (isWaiting || this.#unacknowledged === undefined) this.#unacknowledged = total
    this.#wasWaiting = isWaiting
    if (seen !== undefined) this.#noteOthers(seen)
  }

  #noteOthers({ replicas, wanted }: Seen): void {
    const isShared = replicas > wanted
    if (isShared && !this.#isSharedTold) {
      this.#tell(
        'warning',
        `${replicas} replicas acknowledge and the source waits for ${wanted}: a commit may be done before the archive has it; see holdfast doctor`,
      )
    }
    this.#isSharedTold = isShared
  }

  #tell(level: 'info' | 'warning', message: string): void {
    this.#emit({ type: 'notice', level, message })
  }
}
