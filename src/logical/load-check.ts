// Whether a LOAD DATA put exactly the rows into a table that it was given.
import { HoldfastError } from '../core/errors.ts'
import type { Connection } from '../wire/connection.ts'
import type { OkResult } from '../wire/results.ts'
import { numberOf } from '../wire/row-values.ts'
import { warningText } from './warning-text.ts'

export interface ExpectedRows {
  readonly schema: string
  readonly table: string
  readonly rows: number
  /** Without strict mode the error values of ENUM columns are warned of, and nothing else may be. */
  readonly isStrict: boolean
}

/** For the statements of one session. */
export class LoadCheck {
  readonly #connection: Connection
  #updates: number | undefined

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Before each statement; only the first has something to ask. */
  async begin(): Promise<void> {
    this.#updates ??= await this.#handlerUpdates()
  }

  /** After statements that may update rows, and are not checked here. */
  forget(): void {
    this.#updates = undefined
  }

  /** @throws HoldfastError LOAD_MISMATCH */
  async check(ok: OkResult, { schema, table, rows, isStrict }: ExpectedRows): Promise<void> {
    const [records, deleted, skipped, warnings] = ['Records', 'Deleted', 'Skipped', 'Warnings'].map((name) =>
      Number(new RegExp(`${name}: (\\d+)`).exec(ok.info)?.[1] ?? Number.NaN),
    )
    const details = { schema, table, rows, info: ok.info }
    if (records !== rows || deleted !== 0 || skipped !== 0 || (warnings !== 0 && isStrict)) {
      throw new HoldfastError(
        'LOAD_MISMATCH',
        `${schema}.${table} took ${ok.info.replaceAll(/\s+/g, ' ')} of ${rows} rows${await warningText(this.#connection)}`,
        details,
      )
    }
    // REPLACE by a row that is the same to the byte counts as nothing: not deleted, not skipped (HA_ERR_RECORD_IS_THE_SAME in
    // write_record() of both servers). But the engine is asked for an update, which rows that are all new never need.
    if ((await this.#handlerUpdates()) !== this.#updates) {
      throw new HoldfastError(
        'LOAD_MISMATCH',
        `${schema}.${table} took fewer than ${rows} rows: some are there twice, and it kept one of each`,
        details,
      )
    }
  }

  async #handlerUpdates(): Promise<number> {
    const [row = {}] = await this.#connection.query("SHOW SESSION STATUS LIKE 'Handler_update'")
    return numberOf(row, 'Value')
  }
}
