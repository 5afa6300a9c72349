// Creates views, triggers, routines and events in the session settings they were made with.
import { HoldfastError } from '../core/errors.ts'
import { quoteName, quoteText } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { serverErrno } from '../wire/server-error.ts'
import { statementBytes } from './code.ts'
import type { CodeContent, SchemaContent } from './content.ts'
import { inDependencyOrder } from './view-order.ts'

/** ER_BINLOG_UNSAFE_ROUTINE, ER_BINLOG_CREATE_ROUTINE_NEED_SUPER: a rule of servers with a binary log. */
const untrustedFunction = new Set([1418, 1419])
const missingParts = new Set([
  1146, // ER_NO_SUCH_TABLE
  1049, // ER_BAD_DB_ERROR
  1054, // ER_BAD_FIELD_ERROR
  1305, // ER_SP_DOES_NOT_EXIST
  1356, // ER_VIEW_INVALID
  1449, // ER_NO_SUCH_USER
])

/** One for a session that does nothing else meanwhile. `finish` puts the session back. */
export class CodeLoader {
  readonly #connection: Connection
  readonly #signal: AbortSignal | undefined
  #collation: string | undefined
  readonly warnings: string[] = []

  constructor(connection: Connection, signal: AbortSignal | undefined) {
    this.#connection = connection
    this.#signal = signal
  }

  /** Routines, triggers or events of a schema, in the order given. */
  async createAll(schema: SchemaContent, parts: readonly CodeContent[]): Promise<void> {
    if (parts.length === 0) return
    await this.#use(schema)
    this.#collation = schema.collation
    for (const part of parts) await this.#create(schema, part)
    await this.#alterCollation(schema, schema.collation)
  }

  /**
   * Views of all schemas: each after those that it names. One that refers to something that is not restored, or was broken already,
   * becomes a warning.
   */
  async createViews(schemas: readonly SchemaContent[], isPartial: boolean): Promise<void> {
    const views = schemas.flatMap((schema) => schema.views.map((view) => ({ schema, view })))
    let left = inDependencyOrder(views)
    while (left.length > 0) {
      const failed: typeof left = []
      let lastError: unknown
      for (const item of left) {
        try {
          // SHOW CREATE VIEW does not qualify stored functions.
          await this.#use(item.schema)
          await this.#create(item.schema, item.view)
        } catch (error) {
          if (!missingParts.has(serverErrno(error) ?? 0)) throw error
          failed.push(item)
          lastError = error
        }
      }
      if (failed.length === left.length) {
        this.#giveUp(failed, isPartial, lastError)
        return
      }
      left = failed
    }
  }

  /** The session settings for loading rows again. */
  async finish(settings: { readonly sqlMode: string }): Promise<void> {
    await this.#run(
      `SET SESSION sql_mode = ${quoteText(settings.sqlMode)}, SESSION time_zone = '+00:00', SESSION timestamp = DEFAULT`,
    )
    await this.#run('SET NAMES utf8mb4')
  }

  #giveUp(
    failed: readonly { readonly schema: SchemaContent; readonly view: CodeContent }[],
    isPartial: boolean,
    cause: unknown,
  ): void {
    for (const { schema, view } of failed) {
      const name = `view ${schema.name}.${view.name}`
      if (view.isValid !== false && !isPartial) {
        throw new HoldfastError('SERVER_ERROR', `${name} cannot be created`, { view: name }, { cause })
      }
      const reason =
        view.isValid === false ? 'was broken in the source' : 'refers to something that is not restored'
      this.warnings.push(`${name} ${reason} and was not created`)
    }
  }

  async #create(schema: SchemaContent, part: CodeContent): Promise<void> {
    if (part.collationDatabase !== undefined) await this.#alterCollation(schema, part.collationDatabase)
    await this.#run(
      [
        `SET SESSION sql_mode = ${quoteText(part.sqlMode)}`,
        `SESSION character_set_client = ${quoteName(part.charsetClient)}`,
        `SESSION collation_connection = ${quoteName(part.collationConnection)}`,
        `SESSION time_zone = ${quoteText(part.timeZone ?? '+00:00')}`,
        // An event whose time has passed would be dropped at once; at the time it was made it had not.
        `SESSION timestamp = ${part.createdAt ?? 'DEFAULT'}`,
      ].join(', '),
    )
    try {
      await this.#run(statementBytes(part.statement))
    } catch (error) {
      if (!untrustedFunction.has(serverErrno(error) ?? 0)) throw error
      await this.#trustingFunctions(() => this.#run(statementBytes(part.statement)))
    }
  }

  /** The source trusted its functions, so the target must for a moment. */
  async #trustingFunctions(create: () => Promise<unknown>): Promise<void> {
    await this.#run('SET GLOBAL log_bin_trust_function_creators = 1')
    try {
      await create()
    } finally {
      await this.#connection.run('SET GLOBAL log_bin_trust_function_creators = 0')
    }
  }

  /** Parameters and variables of routines take the collation that their schema had at that time. */
  async #alterCollation(schema: SchemaContent, collation: string): Promise<void> {
    if ((this.#collation ?? schema.collation) === collation) return
    await this.#run('SET NAMES utf8mb4')
    await this.#run(`ALTER DATABASE ${quoteName(schema.name)} COLLATE ${quoteName(collation)}`)
    await this.#use(schema)
    this.#collation = collation
  }

  /** The session may still have the character set of the client that made the part before; names are sent in utf8mb4. */
  async #use(schema: SchemaContent): Promise<void> {
    await this.#run('SET NAMES utf8mb4')
    await this.#run(`USE ${quoteName(schema.name)}`)
  }

  #run(sql: string | Buffer) {
    return this.#connection.run(sql, { signal: this.#signal })
  }
}
