// A repository that may be away for a while: what an archiver asks of it is tried again until it is back.
import { setTimeout as sleep } from 'node:timers/promises'
import { formatDuration } from '../core/duration.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import type { SegmentRef } from '../repository/segment-store.ts'
import type { SegmentRepository } from './segment-repository.ts'

export interface Patience {
  /** Once for each time that it is away, when the second try has failed as well. */
  readonly onAway: (reason: HoldfastError) => void
  readonly onBack: (awayMs: number) => void
  /** After so long without an answer it counts as away, in milliseconds; a minute by default. */
  readonly silentMs?: number
  /** Ends the waiting: the last failure is thrown then. */
  readonly signal: AbortSignal | undefined
}

/** A put of 16 MiB over a slow line may take a good while. */
const defaultSilentMs = 60_000
const givenUpLookMs = 250
const firstPauseMs = 250
const lastPauseMs = 30_000

/** True for what waiting may mend: a mount that is gone, a network that is down, a disk that somebody makes room on. */
function isAway(error: unknown): error is HoldfastError {
  return isHoldfastError(error, 'STORE_UNUSABLE', 'DISK_FULL', 'REPOSITORY_MISSING')
}

export class PatientRepository implements SegmentRepository {
  readonly #repository: SegmentRepository
  readonly #patience: Patience
  /** Servers that are known to be tied to the name: they stay so. */
  readonly #ensured = new Set<string>()
  /** By Date.now(), of the first call that failed. */
  #awaySinceMs: number | undefined
  #isTold = false
  #isPatient = false

  constructor(repository: SegmentRepository, patience: Patience) {
    this.#repository = repository
    this.#patience = patience
  }

  get name(): string {
    return this.#repository.name
  }

  /** Until then every failure is thrown: who begins with a repository that cannot be used learns that at once. */
  becomePatient(): void {
    this.#isPatient = true
  }

  /** Does not ask again for a server that was looked for before: it streams on while the repository is away. */
  async ensure(identity: SourceIdentity): Promise<void> {
    const text = JSON.stringify(identity)
    if (this.#ensured.has(text)) return
    await this.#insist(() => this.#repository.ensure(identity))
    this.#ensured.add(text)
  }

  admit(identity: SourceIdentity): Promise<void> {
    return this.#insist(() => this.#repository.admit(identity))
  }

  claimArchive(): Promise<void> {
    return this.#insist(() => this.#repository.claimArchive())
  }

  assertArchiver(): Promise<void> {
    return this.#insist(() => this.#repository.assertArchiver())
  }

  putSegment(...segment: Parameters<SegmentRepository['putSegment']>): Promise<'created' | 'exists'> {
    return this.#insist(() => this.#repository.putSegment(...segment))
  }

  listSegments(timeline?: string): Promise<readonly SegmentRef[]> {
    return this.#insist(() => this.#repository.listSegments(timeline))
  }

  readSegmentIndex(ref: SegmentRef): Promise<unknown> {
    return this.#insist(() => this.#repository.readSegmentIndex(ref))
  }

  readSegmentData(ref: SegmentRef): AsyncIterable<Buffer> {
    return this.#repository.readSegmentData(ref)
  }

  async #insist<T>(call: () => Promise<T>): Promise<T> {
    const { signal } = this.#patience
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, lastPauseMs)) {
      try {
        const answer = await this.#overseen(call(), signal)
        this.#noteAnswer()
        return answer
      } catch (error) {
        if (!this.#isPatient || !isAway(error)) throw error
        this.#noteFailure(error, pauseMs === firstPauseMs)
        // Between a half and all of the pause, so that many archivers do not come back at once. An abort ends it, and is seen below.
        await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined)
        if (signal?.aborted === true) throw stoppedWhileAway(error)
      }
    }
  }

  /**
   * A store that takes calls and never answers is told of as one that is away, after a while. The call goes on: another one would hang as well, and
   * each of them may hold one of the few threads on which the spool is written too. The signal gives it up.
   */
  async #overseen<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (!this.#isPatient) return call
    const startedAtMs = Date.now()
    const silentMs = this.#patience.silentMs ?? defaultSilentMs
    const reason = silent(this.name, silentMs)
    const over = new AbortController()
    const timer = setTimeout(() => {
      this.#awaySinceMs ??= startedAtMs
      this.#tellAway(reason)
    }, silentMs)
    try {
      return await Promise.race([call, this.#givenUp(reason, signal, over.signal)])
    } finally {
      clearTimeout(timer)
      over.abort()
    }
  }

  /** Rejects once the signal has come and the store is told of as away; or when it is over. */
  async #givenUp(reason: HoldfastError, signal: AbortSignal | undefined, over: AbortSignal): Promise<never> {
    for (;;) {
      await sleep(givenUpLookMs, undefined, { signal: over })
      if (signal?.aborted === true && this.#isTold) throw stoppedWhileAway(reason)
    }
  }

  #noteFailure(reason: HoldfastError, isFirst: boolean): void {
    this.#awaySinceMs ??= Date.now()
    if (!isFirst) this.#tellAway(reason)
  }

  #tellAway(reason: HoldfastError): void {
    if (this.#isTold) return
    this.#isTold = true
    this.#patience.onAway(reason)
  }

  #noteAnswer(): void {
    const since = this.#awaySinceMs
    this.#awaySinceMs = undefined
    if (!this.#isTold || since === undefined) return
    this.#isTold = false
    this.#patience.onBack(Date.now() - since)
  }
}

function silent(name: string, ms: number): HoldfastError {
  return new HoldfastError(
    'STORE_UNUSABLE',
    `the store of ${name} has not answered for ${formatDuration(ms)}`,
    {
      source: name,
    },
  )
}

function stoppedWhileAway(reason: HoldfastError): HoldfastError {
  return new HoldfastError(
    reason.code,
    `stopped while the repository is away: ${reason.message}`,
    reason.details,
    {
      cause: reason,
      hint: 'What was received waits in the spool; the next run puts it into the repository.',
    },
  )
}
