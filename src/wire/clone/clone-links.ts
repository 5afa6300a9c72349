// The two connections of a clone: one on which the donor sends, and one on which the recipient acknowledges.
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { CloneLink } from './clone-link.ts'
import { acknowledgeToBytes, exitToBytes, giveUpToBytes, initToBytes, reinitToBytes } from './commands.ts'
import type { StateDescriptor } from './descriptor.ts'
import type { CloneLocator, ReceivedChunks } from './locator.ts'
import type { CloneResponse } from './response.ts'

/** What a donor tells of itself. */
export interface CloneDonor {
  /** In the order of the donor: version, innodb_page_size, … */
  readonly settings: ReadonlyMap<string, string>
  /** Plugins that are not built in, with the library that each is in. */
  readonly libraries: ReadonlyMap<string, string>
}

/** ER_QUERY_INTERRUPTED: what a recipient that gives up tells its donor. */
const interrupted = 1317
// Within a chunk of 64 MiB a donor looks at nothing but its socket; it takes that long at 13 MiB a second.
const giveUpMs = 5000

export class CloneLinks {
  readonly main: CloneLink
  readonly #acknowledging: CloneLink
  #dropping: NodeJS.Timeout | undefined

  private constructor(main: CloneLink, acknowledging: CloneLink) {
    this.main = main
    this.#acknowledging = acknowledging
  }

  /** Throws what CloneLink.open throws. */
  static async open(settings: ConnectionSettings, signal: AbortSignal | undefined): Promise<CloneLinks> {
    const main = await CloneLink.open(settings, signal)
    try {
      return new CloneLinks(main, await CloneLink.open(settings, signal))
    } catch (error) {
      main.destroy()
      throw error
    }
  }

  /** Starts a clone on the donor, which from here on is in clone mode. */
  async begin(): Promise<{ donor: CloneDonor; locator: CloneLocator }> {
    const settings = new Map<string, string>()
    const libraries = new Map<string, string>()
    let locator: CloneLocator | undefined
    await this.main.run(initToBytes(), (response) => {
      if (response.kind === 'setting') settings.set(response.name, response.value)
      else if (response.kind === 'plugin' && response.library !== '') {
        libraries.set(response.name, response.library)
      } else if (response.kind === 'locator') locator = response.locator
    })
    if (locator === undefined) throw this.main.malformed('a locator', 'none')
    return { donor: { settings, libraries }, locator }
  }

  /** Takes up a clone whose connections broke. */
  resume(locator: CloneLocator, chunks: ReceivedChunks | undefined): Promise<void> {
    return this.main.run(reinitToBytes(locator, chunks))
  }

  acknowledge(locator: CloneLocator, state: StateDescriptor): Promise<void> {
    return this.#acknowledging.run(acknowledgeToBytes(locator, state))
  }

  /** Ends a clone that is done; after five seconds the connections are dropped. */
  async exit(): Promise<void> {
    this.#dropLater()
    await this.#acknowledging.run(exitToBytes)
    await this.main.run(exitToBytes)
  }

  /**
   * Tells the donor that the clone fails, so that it is free for the next one at once; else it would wait for the rest of its patience.
   * The donor then says so on the main connection. After five seconds the connections are dropped.
   */
  giveUp(locator: CloneLocator): void {
    if (this.#dropping !== undefined) return
    this.#dropLater()
    this.#acknowledging.run(giveUpToBytes(locator, interrupted)).catch(() => this.destroy())
  }

  /** Takes and forgets what a donor sends until it has ended its command, or the connection. */
  async drain(): Promise<void> {
    let response: CloneResponse | undefined
    do {
      response = await this.main.next().catch(() => undefined)
    } while (response !== undefined && response.kind !== 'complete')
  }

  destroy(): void {
    clearTimeout(this.#dropping)
    this.main.destroy()
    this.#acknowledging.destroy()
  }

  #dropLater(): void {
    this.#dropping ??= setTimeout(() => this.destroy(), giveUpMs)
  }
}
