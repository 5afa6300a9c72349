// A session on the target that applies transactions: its connection, what is on its way, and whom an error belongs to.
import type { BinlogEvent } from '../../binlog/binlog-event.ts'
import { HoldfastError, isHoldfastError } from '../../core/errors.ts'
import type { Connection } from '../../wire/connection.ts'
import { serverErrno } from '../../wire/server-error.ts'
import type { Statement } from '../../wire/statement.ts'
import type { StatementPipeline } from '../../wire/statement-pipeline.ts'
import { bareEvent, binlogStatement } from './binlog-text.ts'
import { type Collations, readCollations } from './collations.ts'
import type { Dialect } from './dialect.ts'
import { type ArchivedTransaction, replayFailure } from './replay-failure.ts'
import { SessionSettings } from './session-settings.ts'
import { runTransaction, type ScriptSink } from './transaction-script.ts'

// Measured with small transactions: more than some hundred texts or some MiB under way gain nothing. A large piece is 1.4 MiB.
const windowBytes = 8 << 20
const windowStatements = 512

const noErrors: ReadonlySet<number> = new Set()
const noXids: ReadonlySet<string> = new Set()

export interface SessionOptions {
  /** Opened by the caller, who may not be let in any more once accounts have been replayed; it is gone afterwards. */
  readonly connection: Connection
  readonly dialect: Dialect
  /** Errors of the server that mean, for the first transaction only, that it was applied before the replay was interrupted. */
  readonly toleratedAtFirst?: ReadonlySet<number>
  /** XA transactions that the target has prepared: when the first transaction prepares one of them, it was applied as well. */
  readonly preparedXids?: ReadonlySet<string>
  /** Told of each error that was taken to mean that a statement had been executed before. */
  readonly onTolerated?: (error: unknown, archived: ArchivedTransaction | undefined) => void
  readonly signal?: AbortSignal | undefined
}

export class ApplySession implements AsyncDisposable, ScriptSink {
  readonly #connection: Connection
  readonly #options: SessionOptions
  readonly #collations: Collations
  readonly #variables: ReadonlySet<string>
  readonly #sessionSettings = new SessionSettings()
  #pipeline: StatementPipeline
  /** Texts sent in the pipeline, and the first of them of each transaction that may still fail. */
  #sent = 0
  #onTheWay: { readonly first: number; readonly archived: ArchivedTransaction }[] = []
  #applied = 0
  #format: BinlogEvent | undefined

  private constructor(
    connection: Connection,
    options: SessionOptions,
    collations: Collations,
    variables: ReadonlySet<string>,
  ) {
    this.#connection = connection
    this.#options = options
    this.#collations = collations
    this.#variables = variables
    this.#pipeline = this.#openPipeline()
  }

  static async open(options: SessionOptions): Promise<ApplySession> {
    const { connection, dialect, signal } = options
    try {
      const collations = await readCollations(connection, signal)
      const variables = await readVariables(connection, signal)
      const start = Object.entries({ ...dialect.sessionStart, '@holdfast_applied': '0' })
        .filter(([name]) => name.startsWith('@') || variables.has(name))
        .map(([name, value]) => `${name}=${value}`)
      await connection.run(`SET ${start.join(',')}`, { signal })
      await connection.setMultiStatements(true)
      return new ApplySession(connection, options, collations, variables)
    } catch (error) {
      connection.destroy()
      throw error
    }
  }

  /** Sends a transaction. Throws the failure of this or of an earlier one that was still on its way. */
  async apply(archived: ArchivedTransaction): Promise<void> {
    const { dialect, toleratedAtFirst, preparedXids } = this.#options
    const isFirst = this.#applied === 0
    const { transaction } = archived
    this.#forgetAnswered()
    this.#onTheWay.push({ first: this.#sent, archived })
    await this.#naming(async () => {
      await this.#describeFormat(transaction.formatEvent)
      await runTransaction(transaction, this.#applied, {
        sink: this,
        dialect,
        collations: this.#collations,
        variables: this.#variables,
        settings: this.#sessionSettings,
        tolerated: isFirst ? (toleratedAtFirst ?? noErrors) : noErrors,
        preparedXids: isFirst ? (preparedXids ?? noXids) : noXids,
      })
    })
    this.#applied++
  }

  /** Waits until everything has been applied. */
  async finish(): Promise<void> {
    await this.#naming(() => this.settle())
  }

  async send(text: string, answers: number): Promise<void> {
    await this.#pipeline.send(text, answers)
    this.#sent++
  }

  async settle(): Promise<void> {
    await this.#pipeline.flush()
  }

  async execute(statement: Statement, tolerated: ReadonlySet<number>): Promise<boolean> {
    await this.settle()
    await this.#pipeline.close()
    try {
      await this.#connection.queryResult(statement, { signal: this.#options.signal })
      return true
    } catch (error) {
      const errno = serverErrno(error)
      if (errno === undefined || !tolerated.has(errno)) throw error
      this.#options.onTolerated?.(error, this.#onTheWay.at(-1)?.archived)
      return false
    } finally {
      const last = this.#onTheWay.at(-1)
      this.#sent = 0
      this.#onTheWay = last === undefined ? [] : [{ ...last, first: 0 }]
      this.#pipeline = this.#openPipeline()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // After a failure nothing may be committed any more: the server rolls back what is open when the connection goes.
    this.#connection.destroy()
    await this.#pipeline.close()
  }

  #openPipeline(): StatementPipeline {
    return this.#connection.openPipeline({ windowBytes, windowStatements, signal: this.#options.signal })
  }

  /** Rows are understood by the format description of their file, which the server must know before. */
  async #describeFormat(format: BinlogEvent): Promise<void> {
    if (this.#format?.bytes.equals(format.bytes) === true) return
    this.#format = format
    const texts = [...this.#options.dialect.beforeFormat, binlogStatement([bareEvent(format)])]
    await this.send(texts.join(';'), texts.length)
  }

  #forgetAnswered(): void {
    const { answered } = this.#pipeline
    while (this.#onTheWay.length > 1 && (this.#onTheWay[1]?.first ?? 0) <= answered) this.#onTheWay.shift()
  }

  /** Gives the server's error the name of the transaction that it belongs to. */
  async #naming(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#options.signal?.throwIfAborted()
      if (isHoldfastError(error, 'CONNECTION_LOST')) throw error
      const index = isHoldfastError(error) ? error.details['statementIndex'] : undefined
      const culprit =
        typeof index === 'number'
          ? this.#onTheWay.findLast(({ first }) => first <= index)
          : this.#onTheWay.at(-1)
      throw culprit === undefined ? error : replayFailure(culprit.archived, error)
    }
  }
}

async function readVariables(connection: Connection, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for (const row of await connection.query('SHOW SESSION VARIABLES', { signal })) {
    names.add(String(row['Variable_name']))
  }
  if (names.size === 0) throw new HoldfastError('SERVER_ERROR', 'the target names no session variables')
  return names
}
