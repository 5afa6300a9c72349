// Loads a batch of a table's chunks with LOAD DATA, in as many statements as the target needs, and checks the server's counts.
import { setTimeout as sleep } from 'node:timers/promises'
import type { BackupSource } from '../core/backup.ts'
import { quoteText } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { serverErrno } from '../wire/server-error.ts'
import { BatchText, type OnSent, type TextPiece } from './batch-text.ts'
import type { TableContent } from './content.ts'
import { insertPiece } from './insert-rows.ts'
import type { LoadLedger } from './ledger/load-ledger.ts'
import type { LoadedText } from './ledger/loaded-text.ts'
import type { LoadBatch } from './load-batches.ts'
import type { LoadChange, LoadChanges } from './load-changes.ts'
import { LoadCheck } from './load-check.ts'
import { loadStatement } from './load-statement.ts'
import { isLegalUnlessStrict } from './loose-rows.ts'
import { exceededLimit, isLoadSplitByServer, limitError } from './transaction-limits.ts'

const deadlock = 1213 // ER_LOCK_DEADLOCK
const lockWaitTimeout = 1205 // ER_LOCK_WAIT_TIMEOUT
const attempts = 10

export interface LoadTarget {
  readonly isLocalInfileOn: boolean
  /** Tables with rows of their own, which must stay as they are. */
  readonly appended: { has(table: TableContent): boolean }
  readonly relax?: RelaxTarget | undefined
  readonly changes: LoadChanges
  /** Keeps on the target which rows it has. */
  readonly ledger: Pick<LoadLedger, 'mark' | 'announce'> | undefined
}

/** What makes a table that refused rows take them; undefined where nothing does, and the error stands. */
export type RelaxTarget = (job: RowLoad, error: unknown) => Relaxation | undefined

export interface Relaxation {
  readonly statement: string
  readonly change: LoadChange
}

export interface RowLoad {
  readonly schema: string
  readonly table: TableContent
  readonly batch: LoadBatch
}

/**
 * 'exact': the server took every row and warned of nothing. 'unproven': it took every row, but strict mode had to be off for them; then the
 * table must be read back and compared.
 */
export type LoadOutcome = 'exact' | 'unproven'

/** Sends the next piece of a batch. */
type Send = (isStrict: boolean) => Promise<void>

export interface LoadWatch {
  /** All of the piece that is on its way, so far; less than before where it has to be sent again. */
  readonly sent: OnSent
  /** That piece is committed. */
  readonly came: (rows: number, bytes: number) => void
}

/** Loads batches over one session. */
export class RowLoader {
  readonly #connection: Connection
  readonly #source: BackupSource
  readonly #target: LoadTarget
  readonly #signal: AbortSignal | undefined
  readonly #check: LoadCheck
  #isSplit: Promise<boolean> | undefined
  /** What a statement may hold, as far as the target has shown: text is not as long as what the server makes of it. */
  #maxBytes = Number.POSITIVE_INFINITY

  constructor(
    connection: Connection,
    source: BackupSource,
    target: LoadTarget,
    signal: AbortSignal | undefined,
  ) {
    this.#connection = connection
    this.#source = source
    this.#target = target
    this.#signal = signal
    this.#check = new LoadCheck(connection)
  }

  /**
   * @throws HoldfastError LOAD_MISMATCH when not exactly the rows of the batch arrived; UNSUPPORTED or SERVER_ERROR when the target
   * takes less in a transaction than one row, or than a statement that could not be undone
   */
  async load(job: RowLoad, watch: LoadWatch): Promise<LoadOutcome> {
    const text = new BatchText(this.#source, job.batch, this.#signal)
    let outcome: LoadOutcome = 'exact'
    while (!text.isTaken) {
      if ((await this.#loadNext(job, text, watch)) === 'unproven') outcome = 'unproven'
    }
    return outcome
  }

  /** As many rows as fit: halves what the target refuses, and begins with that the next time. */
  async #loadNext(job: RowLoad, text: BatchText, watch: LoadWatch): Promise<LoadOutcome> {
    for (;;) {
      let piece = text.piece(this.#maxBytes)
      const send = (isStrict: boolean) => {
        piece = text.piece(this.#maxBytes, watch.sent)
        return this.#send(job, piece, isStrict)
      }
      try {
        const outcome = await this.#strictFirst(job, send)
        text.take(piece)
        watch.came(piece.rows, piece.bytes)
        return outcome
      } catch (error) {
        this.#maxBytes = await this.#smaller(job, piece, error)
      }
    }
  }

  /** What to try instead. @throws the error where that is not its meaning, or where less must not or cannot be tried */
  async #smaller({ schema, table }: RowLoad, piece: TextPiece, error: unknown): Promise<number> {
    const variable = exceededLimit(error)
    if (variable === undefined) throw error
    const half = Math.floor(Math.min(piece.bytes, this.#maxBytes) / 2)
    const refused = { name: `${schema}.${table.name}`, bytes: piece.bytes, engine: table.engine }
    const reason = !table.isTransactional
      ? 'not transactional'
      : !(await this.#isUndone(table))
        ? 'split by the server'
        : piece.isOneRow || half === 0
          ? 'one row'
          : undefined
    if (reason === undefined) return half
    throw await limitError(this.#connection, variable, { ...refused, reason }, error)
  }

  async #strictFirst(job: RowLoad, send: Send): Promise<LoadOutcome> {
    try {
      await this.#attempts(job, () => send(true))
      return 'exact'
    } catch (error) {
      // Among other rows the table could not be compared.
      if (this.#target.appended.has(job.table)) throw error
      if (!isLegalUnlessStrict(job.table, error) || !(await this.#isUndone(job.table))) throw error
    }
    const [row = {}] = await this.#connection.query('SELECT @@SESSION.sql_mode AS mode')
    const strict = String(row['mode'])
    await this.#setMode(strict.replaceAll(/STRICT_(?:ALL|TRANS)_TABLES,?/g, ''))
    try {
      await this.#attempts(job, () => send(false))
    } finally {
      await this.#setMode(strict)
    }
    return 'unproven'
  }

  async #attempts(job: RowLoad, send: () => Promise<void>): Promise<void> {
    const { table } = job
    for (let attempt = 1; ; attempt++) {
      try {
        await send()
        return
      } catch (error) {
        const relaxation = this.#target.relax?.(job, error)
        if (relaxation !== undefined && (await this.#isUndone(table))) {
          await this.#target.changes.note(this.#connection, relaxation.change)
          await this.#connection.run(relaxation.statement)
          continue
        }
        const isRetryable = [deadlock, lockWaitTimeout].includes(serverErrno(error) ?? 0)
        if (!isRetryable || attempt === attempts || !(await this.#isUndone(table))) throw error
        await sleep(2 ** attempt * 50, undefined, { signal: this.#signal })
      }
    }
  }

  /** Whether a statement that failed has left nothing: only then may its rows be sent again. */
  async #isUndone(table: TableContent): Promise<boolean> {
    if (!table.isTransactional) return false
    return this.#isTransaction(table) || !this.#usesLoadData(table) || !(await this.#isSplitByServer())
  }

  /**
   * Whether rows come in a transaction that we begin and end. Rows that are there may be in the way: what REPLACE did to them is found by
   * its counts, and must not stay. And where a ledger is kept it tells of rows that are there, no more and no less.
   */
  #isTransaction(table: TableContent): boolean {
    return table.isTransactional && (this.#target.ledger !== undefined || this.#target.appended.has(table))
  }

  /** A row that only has a definition of defaults has no columns to load. */
  #usesLoadData(table: TableContent): boolean {
    // Rows that are there may be in the way: what cannot be rolled back must not replace them.
    const isSafe = !this.#target.appended.has(table) || table.isTransactional
    return this.#target.isLocalInfileOn && !table.isInsertOnly && !updatesItself(table) && isSafe
  }

  #isSplitByServer(): Promise<boolean> {
    this.#isSplit ??= isLoadSplitByServer(this.#connection)
    return this.#isSplit
  }

  async #send(job: RowLoad, piece: TextPiece, isStrict: boolean): Promise<void> {
    const { schema, table } = job
    const name = { schema, name: table.name }
    const text = (): LoadedText => ({ ...piece.bounds, rows: piece.rows, isExact: isStrict })
    const { ledger } = this.#target
    if (this.#isTransaction(table)) {
      // One that the server splits is no longer one: then INSERT.
      const isSplit = this.#usesLoadData(table) && (await this.#isSplitByServer())
      await this.#inTransaction(async () => {
        await this.#sendRows(job, piece, isStrict, isSplit)
        await ledger?.mark(this.#connection, name, text())
      })
      return
    }
    // A table of our own is emptied by the run that goes on; one with other rows cannot be.
    const told = this.#target.appended.has(table) ? ledger : undefined
    await told?.announce(this.#connection, name, text())
    await this.#sendRows(job, piece, isStrict, false)
    // MySQL 9.7 takes the next statement for one of the same transaction, and warns of a mixture (6414), although autocommit is on.
    if (!table.isTransactional) await this.#connection.run('COMMIT', { signal: this.#signal })
    await told?.mark(this.#connection, name, text())
  }

  async #sendRows(
    { schema, table }: RowLoad,
    piece: TextPiece,
    isStrict: boolean,
    isSplit: boolean,
  ): Promise<void> {
    if (isSplit || !this.#usesLoadData(table)) {
      await this.#inserting(table, () =>
        insertPiece(this.#connection, schema, table, piece, this.#signal, isStrict),
      )
      this.#check.forget()
      return
    }
    await this.#check.begin()
    const options = { signal: this.#signal }
    const ok = await this.#connection.loadData(loadStatement(schema, table), piece, options)
    await this.#check.check(ok, { schema, table: table.name, rows: piece.rows, isStrict })
  }

  /** Several statements, which are one. */
  async #inserting(table: TableContent, insert: () => Promise<void>): Promise<void> {
    if (this.#isTransaction(table)) await insert()
    else await this.#inTransaction(insert)
  }

  async #inTransaction(work: () => Promise<void>): Promise<void> {
    const options = { signal: this.#signal }
    await this.#connection.run('START TRANSACTION', options)
    try {
      await work()
      await this.#connection.run('COMMIT', options)
    } catch (error) {
      // A lost connection has rolled back by itself.
      await this.#connection.run('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  async #setMode(mode: string): Promise<void> {
    await this.#connection.run(`SET SESSION sql_mode = ${quoteText(mode)}`)
  }
}

/** A vector index of MariaDB updates the neighbours of each new row, which LoadCheck cannot tell from rows that were replaced. */
function updatesItself({ ddl }: TableContent): boolean {
  return ddl.includes('VECTOR KEY')
}
