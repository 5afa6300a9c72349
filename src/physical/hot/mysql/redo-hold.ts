// MySQL's redo log, kept for us: the server writes over nothing of it that we have not let go, and in the end waits for us.
import { HoldfastError } from '../../../core/errors.ts'
import type { Connection } from '../../../wire/connection.ts'
import { numberOf } from '../../../wire/row-values.ts'

/** A server with a log of 8 MiB was seen to wait for its consumer at 74 % of it, with 16 MiB at 79 %, with 400 MiB at 84 %. */
const nearlyFull = 0.7

/** Ends with its connection, in whatever way that ends. */
export class RedoHold {
  /** To give it up. */
  readonly connection: Connection
  readonly #signal: AbortSignal
  /** The log is let go while it is asked how full it is, and a connection does one thing at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(connection: Connection, signal: AbortSignal) {
    this.connection = connection
    this.#signal = signal
  }

  /** `connection` is for this alone. Throws FAILED where another backup does so. */
  static async begin(connection: Connection, signal: AbortSignal): Promise<RedoHold> {
    const hold = new RedoHold(connection, signal)
    if ((await hold.#number('SELECT innodb_redo_log_consumer_register() AS answer')) === 0) return hold
    throw new HoldfastError(
      'FAILED',
      'another backup keeps the redo log of this server, and MySQL lets only one do so',
      {},
      { hint: 'Wait until it has ended, or use --method clone.' },
    )
  }

  /** Everything before this LSN. */
  async letGo(lsn: bigint): Promise<void> {
    if ((await this.#number(`SELECT innodb_redo_log_consumer_advance(${lsn}) AS answer`)) === 0) return
    throw new HoldfastError('FAILED', `the server did not let go of its redo log before LSN ${lsn}`)
  }

  /** Whether writes will soon wait until more is let go. What is asked for takes no lock that a write waits with. */
  async isNearlyFull(): Promise<boolean> {
    const used = await this.#number(
      `SELECT u.VARIABLE_VALUE / c.VARIABLE_VALUE AS answer
       FROM performance_schema.global_status u JOIN performance_schema.global_status c
       WHERE u.VARIABLE_NAME = 'Innodb_redo_log_logical_size' AND c.VARIABLE_NAME = 'Innodb_redo_log_capacity_resized'`,
    )
    return used > nearlyFull
  }

  async end(): Promise<void> {
    await this.#number('SELECT innodb_redo_log_consumer_unregister() AS answer')
  }

  #number(query: string): Promise<number> {
    const asked = this.#turn.then(async () => {
      const [row = {}] = await this.connection.query(query, { signal: this.#signal })
      return numberOf(row, 'answer')
    })
    this.#turn = asked.catch(() => undefined)
    return asked
  }
}
