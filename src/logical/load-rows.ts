// Loads one batch of a table's chunks with LOAD DATA and checks the server's count against the manifest.
import { setTimeout as sleep } from 'node:timers/promises'
import type { BackupSource } from '../core/backup.ts'
import { HoldfastError } from '../core/errors.ts'
import { quoteText } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import type { OkResult } from '../wire/results.ts'
import { serverErrno } from '../wire/server-error.ts'
import type { TableContent } from './content.ts'
import { insertBatch } from './insert-rows.ts'
import type { LoadBatch } from './load-batches.ts'
import { loadStatement } from './load-statement.ts'
import { warningText } from './warning-text.ts'

const deadlock = 1213 // ER_LOCK_DEADLOCK
const lockWaitTimeout = 1205 // ER_LOCK_WAIT_TIMEOUT
const truncated = 1265 // WARN_DATA_TRUNCATED
const attempts = 10

export interface RowLoad {
  readonly schema: string
  readonly table: TableContent
  readonly batch: LoadBatch
}

/**
 * 'exact': the server took every row and warned of nothing. 'unproven': it took every row, but strict mode had to be off for the error
 * values of an ENUM column; then the table must be read back and compared.
 */
export type LoadOutcome = 'exact' | 'unproven'

/** Loads batches over one session. */
export class RowLoader {
  readonly #connection: Connection
  readonly #source: BackupSource
  readonly #isLocalInfileOn: boolean
  readonly #signal: AbortSignal | undefined

  constructor(
    connection: Connection,
    source: BackupSource,
    isLocalInfileOn: boolean,
    signal: AbortSignal | undefined,
  ) {
    this.#connection = connection
    this.#source = source
    this.#isLocalInfileOn = isLocalInfileOn
    this.#signal = signal
  }

  /** @throws HoldfastError LOAD_MISMATCH when not exactly the rows of the batch arrived */
  async load(job: RowLoad): Promise<LoadOutcome> {
    const hasEnum = job.table.columns.some(({ encoding }) => encoding === 'enum' || encoding === 'number')
    try {
      await this.#attempts(job, true)
      return 'exact'
    } catch (error) {
      // ENUM's error value 0, shown as '', is legal in a table but cannot be written in strict mode.
      if (!hasEnum || serverErrno(error) !== truncated || !job.table.isTransactional) throw error
    }
    const [row = {}] = await this.#connection.query('SELECT @@SESSION.sql_mode AS mode')
    const strict = String(row['mode'])
    await this.#setMode(strict.replaceAll(/STRICT_(?:ALL|TRANS)_TABLES,?/g, ''))
    try {
      await this.#attempts(job, false)
    } finally {
      await this.#setMode(strict)
    }
    return 'unproven'
  }

  async #attempts(job: RowLoad, isStrict: boolean): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#once(job, isStrict)
        return
      } catch (error) {
        // The statement was rolled back as a whole, if the engine can: then it may be tried again.
        const isRetryable = [deadlock, lockWaitTimeout].includes(serverErrno(error) ?? 0)
        if (!isRetryable || !job.table.isTransactional || attempt === attempts) throw error
        await sleep(2 ** attempt * 50, undefined, { signal: this.#signal })
      }
    }
  }

  async #once({ schema, table, batch }: RowLoad, isStrict: boolean): Promise<void> {
    const data = chunkBytes(this.#source, batch, this.#signal)
    const options = { signal: this.#signal }
    // A row that only has a definition of defaults has no columns to load.
    if (!this.#isLocalInfileOn || table.isInsertOnly) {
      await this.#connection.run('START TRANSACTION', options)
      try {
        await insertBatch(this.#connection, schema, table, batch, data, this.#signal, isStrict)
        await this.#connection.run('COMMIT', options)
      } catch (error) {
        // A lost connection has rolled back by itself.
        await this.#connection.run('ROLLBACK').catch(() => undefined)
        throw error
      }
      return
    }
    const ok = await this.#connection.loadData(loadStatement(schema, table), data, options)
    await checkLoad(this.#connection, ok, schema, table, batch, isStrict)
  }

  async #setMode(mode: string): Promise<void> {
    await this.#connection.run(`SET SESSION sql_mode = ${quoteText(mode)}`)
  }
}

/** Reads one chunk ahead, so that the server never waits for the repository. */
async function* chunkBytes(source: BackupSource, batch: LoadBatch, signal: AbortSignal | undefined) {
  let next: Promise<Buffer> | undefined
  for (const [at, chunk] of batch.chunks.entries()) {
    const current = next ?? source.getChunk(chunk.id, signal)
    const following = batch.chunks[at + 1]
    next = following === undefined ? undefined : source.getChunk(following.id, signal)
    // It is awaited when its turn comes; until then it must not count as unhandled.
    next?.catch(() => undefined)
    yield await current
  }
}

async function checkLoad(
  connection: Connection,
  ok: OkResult,
  schema: string,
  table: TableContent,
  batch: LoadBatch,
  isStrict: boolean,
): Promise<void> {
  const [records, deleted, skipped, warnings] = ['Records', 'Deleted', 'Skipped', 'Warnings'].map((name) =>
    Number(new RegExp(`${name}: (\\d+)`).exec(ok.info)?.[1] ?? Number.NaN),
  )
  if (records === batch.rows && deleted === 0 && skipped === 0 && (warnings === 0 || !isStrict)) return
  throw new HoldfastError(
    'LOAD_MISMATCH',
    `${schema}.${table.name} took ${ok.info.replaceAll(/\s+/g, ' ')} of ${batch.rows} rows${await warningText(connection)}`,
    { schema, table: table.name, rows: batch.rows, info: ok.info },
  )
}
