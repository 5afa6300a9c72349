// Global variables of the target that a restore changes for its time, and puts back however it ends.

import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { Connection } from '../wire/connection.ts'
import { serverErrno } from '../wire/server-error.ts'

export interface HeldGlobal {
  readonly name: string
  /** As an SQL literal. */
  readonly value: string
  /** What goes wrong where it cannot be set: this ends the restore; absent, it is only told. */
  readonly neededFor?: string
}

export class HeldGlobals implements AsyncDisposable {
  readonly #connection: Connection
  readonly #emit: EmitEvent
  /** Name and earlier value, in the order they were set. */
  readonly #held: (readonly [name: string, value: string])[] = []

  private constructor(connection: Connection, emit: EmitEvent) {
    this.#connection = connection
    this.#emit = emit
  }

  /** Throws PRIVILEGE_MISSING when one that is needed cannot be set. Names that the server does not have are passed over. */
  static async hold(
    connection: Connection,
    wanted: readonly HeldGlobal[],
    { emit, signal }: { readonly emit: EmitEvent; readonly signal?: AbortSignal | undefined },
  ): Promise<HeldGlobals> {
    const globals = new HeldGlobals(connection, emit)
    try {
      for (const each of wanted) await globals.#hold(each, signal)
      return globals
    } catch (error) {
      await globals[Symbol.asyncDispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [name, value] of this.#held.toReversed()) {
      try {
        await this.#connection.run(`SET GLOBAL ${name}=${value}`)
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        this.#emit({
          type: 'notice',
          level: 'warning',
          message: `the target still has another value of ${name}; put it back with SET GLOBAL ${name}=${value} (${why})`,
        })
      }
    }
  }

  async #hold({ name, value, neededFor }: HeldGlobal, signal: AbortSignal | undefined): Promise<void> {
    const [row] = await this.#connection.query(`SHOW GLOBAL VARIABLES LIKE '${name}'`, { signal })
    if (row === undefined) return
    const before = literal(String(row['Value']))
    if (same(before, value)) return
    // An abort may come when the server has done it already.
    this.#held.push([name, before])
    try {
      await this.#connection.run(`SET GLOBAL ${name}=${value}`, { signal })
    } catch (error) {
      if (serverErrno(error) === undefined) throw error
      this.#held.pop()
      const message = `cannot set ${name} to ${value} on the target`
      if (neededFor !== undefined) {
        throw new HoldfastError(
          'PRIVILEGE_MISSING',
          `${message}: ${neededFor}`,
          { name },
          {
            cause: error,
            hint: `Run as an administrator before the restore: SET GLOBAL ${name}=${value}`,
          },
        )
      }
      this.#emit({ type: 'notice', level: 'info', message: `${message}; the restore goes on without` })
    }
  }
}

function literal(text: string): string {
  return /^[0-9]+$/.test(text) ? text : `'${text}'`
}

function same(a: string, b: string): boolean {
  return plain(a) === plain(b)
}

/** OFF and 0 are one value, and so are ON and 1; an event scheduler that is DISABLED runs nothing either. */
function plain(text: string): string {
  const bare = text.replaceAll("'", '').toUpperCase()
  return bare === 'OFF' || bare === 'DISABLED' ? '0' : bare === 'ON' ? '1' : bare
}
