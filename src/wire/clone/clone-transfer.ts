// The whole of a server's InnoDB files as its CLONE plugin sends them, whatever happens to the connections meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { HoldfastError, isHoldfastError } from '../../core/errors.ts'
import type { EmitEvent } from '../../core/events.ts'
import { type CloneDonor, CloneLinks } from './clone-links.ts'
import { CloneProgress } from './clone-progress.ts'
import { executeToBytes } from './commands.ts'
import type { CloneDescriptor, DataDescriptor, FileDescriptor, StateDescriptor } from './descriptor.ts'
import type { CloneLocator } from './locator.ts'

export interface CloneOptions {
  readonly emit: EmitEvent
  readonly signal?: AbortSignal | undefined
}

/** Everything of an event has to be done with when the next one is asked for: the donor is told so. */
export type CloneEvent =
  | { readonly kind: 'state'; readonly state: StateDescriptor }
  | { readonly kind: 'file'; readonly file: FileDescriptor }
  | { readonly kind: 'data'; readonly data: DataDescriptor; readonly bytes: Buffer }

// How long a donor keeps a clone whose connection broke, where it does not say so (clone_donor_timeout_after_network_failure).
const assumedPatienceMinutes = 5
const retryMs = 1000
/** A server that refuses connections for so long is down, and one that comes up again knows nothing of the clone. */
const refusedMs = 10_000
// The incomplete chunks that a donor takes, one for each time that the connection broke (2 * CLONE_MAX_TASKS of clone0clone.h).
const maxResumes = 200

/**
 * A clone of `settings`' server. It has to be disposed: one that did not run to its end is called off on the server, which allows one
 * at a time.
 */
export class CloneTransfer implements AsyncDisposable {
  readonly donor: CloneDonor
  readonly #settings: ConnectionSettings
  readonly #options: CloneOptions
  readonly #locator: CloneLocator
  readonly #progress = new CloneProgress()
  #links: CloneLinks
  #resumes = 0

  private constructor(
    settings: ConnectionSettings,
    options: CloneOptions,
    links: CloneLinks,
    begun: { donor: CloneDonor; locator: CloneLocator },
  ) {
    this.#settings = settings
    this.#options = options
    this.#links = links
    this.donor = begun.donor
    this.#locator = begun.locator
    options.signal?.addEventListener('abort', this.#onAbort)
  }

  /**
   * Throws what Connection.open throws; UNSUPPORTED without the plugin, on MariaDB and on servers before 8.0.17; PRIVILEGE_MISSING
   * without BACKUP_ADMIN; LOCK_WAIT while another clone runs.
   */
  static async open(settings: ConnectionSettings, options: CloneOptions): Promise<CloneTransfer> {
    const { signal } = options
    const links = await CloneLinks.open(settings, signal)
    // Before it copies, a donor does not wait for who went away.
    const onAbort = (): void => links.destroy()
    signal?.addEventListener('abort', onAbort)
    try {
      signal?.throwIfAborted()
      return new CloneTransfer(settings, options, links, await links.begin())
    } catch (error) {
      links.destroy()
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /**
   * Once only. Throws CONNECTION_LOST when the server stays away for longer than it would keep the clone, SERVER_ERROR with what the
   * donor fails with, MalformedDataError, or the signal's reason.
   */
  async *events(): AsyncGenerator<CloneEvent> {
    for (;;) {
      try {
        yield* this.#execute()
        return
      } catch (error) {
        this.#options.signal?.throwIfAborted()
        if (!isHoldfastError(error, 'CONNECTION_LOST')) throw error
        // All of the data is here: how the connection ends is nobody's business.
        if (this.#progress.isDone) return
        await this.#resume(error)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    if (this.#progress.isDone) {
      await this.#links.exit().catch(() => undefined)
    } else {
      this.#links.giveUp(this.#locator)
      await this.#links.drain()
    }
    this.#links.destroy()
  }

  async *#execute(): AsyncGenerator<CloneEvent> {
    const { main } = this.#links
    await main.send(executeToBytes)
    let announced: DataDescriptor | undefined
    for (;;) {
      const response = await main.next()
      if (announced !== undefined) {
        if (response.kind !== 'data' || response.bytes.length !== announced.lengthBytes) {
          throw main.malformed(`${announced.lengthBytes} bytes of data`, found(response))
        }
        yield { kind: 'data', data: announced, bytes: response.bytes }
        this.#progress.addData(announced)
        announced = undefined
      } else if (response.kind === 'complete') {
        if (!this.#progress.isDone) throw main.malformed('the last state', 'the end of the clone')
        return
      } else if (response.kind !== 'descriptor') {
        throw main.malformed('a descriptor', found(response))
      } else if (response.descriptor.kind === 'data') {
        announced = response.descriptor
      } else {
        yield* this.#take(response.descriptor)
      }
    }
  }

  async *#take(descriptor: Exclude<CloneDescriptor, DataDescriptor>): AsyncGenerator<CloneEvent> {
    if (descriptor.kind === 'file') {
      yield { kind: 'file', file: descriptor }
      this.#progress.addFile(descriptor)
    }
    // The donor's own acknowledgement is its sign of life.
    if (descriptor.kind !== 'state' || descriptor.isAcknowledgement) return
    if (descriptor.isStart) {
      yield { kind: 'state', state: descriptor }
      this.#progress.begin(descriptor)
    } else {
      this.#progress.end(descriptor)
      await this.#links.acknowledge(this.#locator, descriptor)
    }
  }

  /** Throws CONNECTION_LOST when that is of no use any more. */
  async #resume(lost: HoldfastError): Promise<void> {
    const { signal, emit } = this.#options
    this.#links.destroy()
    const started = performance.now()
    const patience = this.#patienceMs
    let isTold = false
    this.#resumes += 1
    if (patience === 0 || this.#resumes > maxResumes) throw lost
    for (;;) {
      signal?.throwIfAborted()
      try {
        this.#links = await CloneLinks.open(this.#settings, signal)
        await this.#links.resume(...this.#progress.resumeFrom(this.#locator))
        emit({
          type: 'notice',
          level: 'info',
          message: `${lost.message}; the clone goes on where it stopped`,
        })
        return
      } catch (error) {
        this.#links.destroy()
        signal?.throwIfAborted()
        const waited = performance.now() - started
        if (!isAway(error) || waited > (isRefused(error) ? Math.min(refusedMs, patience) : patience)) {
          throw gone(lost, error)
        }
        if (!isTold) emit({ type: 'phase', phase: 'waiting for the server', detail: lost.message })
        isTold = true
      }
      // An abort is told at the head of the loop.
      await sleep(retryMs, undefined, { signal }).catch(() => undefined)
    }
  }

  get #patienceMs(): number {
    const minutes = this.donor.settings.get('clone_donor_timeout_after_network_failure')
    return Number(minutes ?? assumedPatienceMinutes) * 60_000
  }

  readonly #onAbort = (): void => this.#links.giveUp(this.#locator)
}

function found(response: { readonly kind: string; readonly bytes?: Buffer }): string {
  return response.bytes === undefined ? `a ${response.kind}` : `${response.bytes.length} bytes of data`
}

/** Not there now, and perhaps again in a moment. */
function isAway(error: unknown): boolean {
  return isHoldfastError(error, 'CONNECTION_LOST', 'SOURCE_UNREACHABLE')
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
}

function gone(lost: HoldfastError, error: unknown): HoldfastError {
  const why = error instanceof Error ? error.message : String(error)
  return new HoldfastError(
    'CONNECTION_LOST',
    `${lost.message}, and the clone could not go on: ${why}`,
    lost.details,
    { cause: error, hint: 'Nothing of this backup was kept; check that the server is up, and run it again.' },
  )
}
