// Global variables of the target that a restore changes for its time, and puts back however it ends.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { Connection } from '../wire/connection.ts'
import { serverErrno } from '../wire/server-error.ts'

export interface HeldGlobal {
  readonly name: string
  /** As an SQL literal. */
  readonly value: string
  /** What goes wrong where it cannot be set: this ends the restore; absent, it is only told. */
  readonly neededFor?: string
}

/** Remembers what globals were for whoever comes after a process that was killed. Values are SQL literals. */
export interface GlobalsRecord {
  /** Answers once, to whoever holds it first. */
  takeOriginal(name: string): string | undefined
  note(name: string, value: string): Promise<void>
  forget(name: string): Promise<void>
}

export interface HoldOptions {
  /** To put them back over another connection where this one is lost. */
  readonly settings: ConnectionSettings
  readonly record?: GlobalsRecord | undefined
  readonly emit: EmitEvent
  readonly signal?: AbortSignal | undefined
}

export class HeldGlobals implements AsyncDisposable {
  readonly #connection: Connection
  readonly #options: HoldOptions
  /** Name and earlier value, in the order they were set. */
  readonly #held: (readonly [name: string, value: string])[] = []

  private constructor(connection: Connection, options: HoldOptions) {
    this.#connection = connection
    this.#options = options
  }

  /** Throws PRIVILEGE_MISSING when one that is needed cannot be set. Names that the server does not have are passed over. */
  static async hold(
    connection: Connection,
    wanted: readonly HeldGlobal[],
    options: HoldOptions,
  ): Promise<HeldGlobals> {
    const globals = new HeldGlobals(connection, options)
    try {
      for (const each of wanted) await globals.#hold(each)
      return globals
    } catch (error) {
      await globals[Symbol.asyncDispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [name, value] of this.#held.toReversed()) {
      try {
        await this.#putBack(`SET GLOBAL ${name}=${value}`)
        await this.#options.record?.forget(name)
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        this.#options.emit({
          type: 'notice',
          level: 'warning',
          message: `the target still has another value of ${name}; put it back with SET GLOBAL ${name}=${value} (${why})`,
        })
      }
    }
  }

  async #putBack(statement: string): Promise<void> {
    try {
      await this.#connection.run(statement)
    } catch (error) {
      // It may be this connection alone that is gone.
      if (serverErrno(error) !== undefined) throw error
      await using connection = await Connection.open(this.#options.settings)
      await connection.run(statement)
    }
  }

  async #hold({ name, value, neededFor }: HeldGlobal): Promise<void> {
    const { record, emit, signal } = this.#options
    const [row] = await this.#connection.query(`SHOW GLOBAL VARIABLES LIKE '${name}'`, { signal })
    if (row === undefined) return
    const now = literal(String(row['Value']))
    const before = record?.takeOriginal(name) ?? now
    const isSet = same(now, value)
    if (isSet && same(before, value)) return
    await record?.note(name, before)
    // An abort may come when the server has done it already.
    this.#held.push([name, before])
    if (isSet) return
    try {
      await this.#connection.run(`SET GLOBAL ${name}=${value}`, { signal })
    } catch (error) {
      if (serverErrno(error) === undefined) throw error
      this.#held.pop()
      await record?.forget(name)
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
      emit({ type: 'notice', level: 'info', message: `${message}; the restore goes on without` })
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
