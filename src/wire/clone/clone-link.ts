// One connection in clone mode: commands go out one by one, and what the donor answers comes back as values.
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { HoldfastError } from '../../core/errors.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import { Connection } from '../connection.ts'
import { describePeer } from '../open-socket.ts'
import type { PacketStream } from '../packet-stream.ts'
import { SilenceWatch } from '../silence-watch.ts'
import { donorError, enterError } from './clone-error.ts'
import { enterClone } from './commands.ts'
import { type CloneResponse, parseResponse } from './response.ts'

// What the official recipient waits for a donor that opens its tablespaces, and more than any other step takes without a sign of life.
const silenceMs = 300_000

/**
 * The acknowledging connection rests for as long as a state lasts, and the other one for as long as a store is slow: neither is to
 * run into the server's usual bounds (8 hours, 60 s). A recipient whose host died still frees the donor after ten minutes.
 */
const sessionSettings = 'SET SESSION wait_timeout = 31536000, net_write_timeout = 600'

export class CloneLink {
  readonly #connection: Connection
  readonly #silence: SilenceWatch
  #stream: PacketStream | undefined
  #packets: AsyncIterator<Buffer> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(connection: Connection) {
    this.#connection = connection
    this.#silence = new SilenceWatch('the donor', silenceMs, undefined)
    this.#silence.pause()
  }

  /**
   * Throws what Connection.open throws, UNSUPPORTED where there is no CLONE (MariaDB, or a server without the plugin) and
   * PRIVILEGE_MISSING for an account without BACKUP_ADMIN.
   */
  static async open(settings: ConnectionSettings, signal?: AbortSignal): Promise<CloneLink> {
    const connection = await Connection.open(settings, { signal })
    try {
      if (connection.flavour !== 'mysql') {
        throw new HoldfastError(
          'UNSUPPORTED',
          `${describePeer(settings)} is MariaDB, which has no CLONE`,
          {},
          { hint: 'Use another method: --method dump' },
        )
      }
      await connection.run(sessionSettings, { signal })
      await connection.sendCommand(enterClone, { signal })
      return new CloneLink(connection)
    } catch (error) {
      connection.destroy()
      throw enterError(error)
    }
  }

  /** Sends a command without waiting for its answer. */
  async send(command: Buffer): Promise<void> {
    if (this.#stream === undefined) {
      this.#stream = this.#connection.openPacketStream(command, { signal: this.#silence.signal })
      this.#packets = this.#stream[Symbol.asyncIterator]()
      return
    }
    await this.#stream.send(command)
  }

  /**
   * The next piece of an answer. Throws CONNECTION_LOST (also after five minutes of silence), MalformedDataError, or what the donor
   * says it failed with.
   */
  async next(): Promise<CloneResponse> {
    this.#silence.resume()
    const packet = await this.#packets?.next()
    this.#silence.pause()
    if (packet === undefined || packet.done === true) {
      throw this.malformed('an answer to a command', 'the end of the protocol')
    }
    const response = parseResponse(packet.value)
    if (response.kind === 'error') throw donorError(response.errno, response.message)
    return response
  }

  /** Sends a command and takes its whole answer. Calls wait for each other. */
  run(command: Buffer, take: (response: CloneResponse) => void = () => undefined): Promise<void> {
    const running = this.#turn.then(() => this.#run(command, take))
    this.#turn = running.catch(() => undefined)
    return running
  }

  async #run(command: Buffer, take: (response: CloneResponse) => void): Promise<void> {
    await this.send(command)
    for (;;) {
      const response = await this.next()
      if (response.kind === 'complete') return
      take(response)
    }
  }

  /** An error about what the donor sends, for callers to throw. */
  malformed(expected: string, found: string): MalformedDataError {
    return new MalformedDataError({ what: 'clone response', offset: 0, expected, found })
  }

  destroy(): void {
    this.#silence.stop()
    this.#connection.destroy()
  }
}
