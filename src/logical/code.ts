// Views, triggers, routines and events: the statement that made each, in its own bytes, and the session it was made in.
import { isUtf8 } from 'node:buffer'
import { HoldfastError } from '../core/errors.ts'
import { isSchema, quoteQualified, quoteText } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import type { Row } from '../wire/results.ts'
import { bigintOf, textOf } from '../wire/row-values.ts'
import { serverErrno } from '../wire/server-error.ts'
import type { ByteQuery, ByteRow } from './byte-rows.ts'
import type { CodeContent, Statement } from './content.ts'
import type { LogicalDialect } from './dialect.ts'
import type { Relation } from './table-definition.ts'

/** Errors of SHOW CREATE that mean: it is there, but cannot be shown. */
const unreadable = new Set([
  1142, // ER_TABLEACCESS_DENIED_ERROR: no SHOW VIEW
  1227, // ER_SPECIFIC_ACCESS_DENIED_ERROR
  1305, // ER_SP_DOES_NOT_EXIST: also what one sees without the privilege
  1356, // ER_VIEW_INVALID
  1449, // ER_NO_SUCH_USER: the definer is gone
])

/** Reads code of one schema; what cannot be read is told by name in `warnings`. */
export class CodeReader {
  readonly #connection: Connection
  readonly #query: ByteQuery
  readonly #schema: string
  readonly warnings: string[] = []

  constructor(connection: Connection, query: ByteQuery, schema: string) {
    this.#connection = connection
    this.#query = query
    this.#schema = schema
  }

  /** By table, in the order in which they act. */
  async triggers(tables: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly CodeContent[]>> {
    const rows = await this.#connection.query(
      `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS tableName FROM information_schema.TRIGGERS
       WHERE ${isSchema('TRIGGER_SCHEMA', this.#schema)}
       ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
    )
    const byTable = new Map<string, CodeContent[]>()
    // MariaDB 12 lists a trigger once for each of its events.
    const seen = new Set<string>()
    for (const row of rows) {
      const table = textOf(row, 'tableName')
      const name = textOf(row, 'name')
      if (!tables.has(table) || seen.has(name)) continue
      seen.add(name)
      const trigger = await this.#read('trigger', name, 'TRIGGER', 'SQL Original Statement')
      if (trigger !== undefined) byTable.set(table, [...(byTable.get(table) ?? []), trigger])
    }
    return byTable
  }

  async routines(dialect: LogicalDialect): Promise<CodeContent[]> {
    const found: CodeContent[] = []
    for (const { kind, sqlName } of dialect.routineKinds) {
      const rows = await this.#connection.query(
        `SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES
         WHERE ${isSchema('ROUTINE_SCHEMA', this.#schema)} AND ROUTINE_TYPE = ${quoteText(sqlName)} ORDER BY 1`,
      )
      const column = `Create ${sqlName.replaceAll(/\w+/g, (word) => word[0] + word.slice(1).toLowerCase())}`
      for (const row of rows) {
        const routine = await this.#read(kind, textOf(row, 'name'), sqlName, column)
        if (routine !== undefined) found.push(routine)
      }
    }
    return found
  }

  async events(): Promise<CodeContent[]> {
    const rows = await this.#connection.query(
      `SELECT EVENT_NAME AS name, CAST(UNIX_TIMESTAMP(CREATED) AS SIGNED) AS created FROM information_schema.EVENTS
       WHERE ${isSchema('EVENT_SCHEMA', this.#schema)} ORDER BY 1`,
    )
    const found: CodeContent[] = []
    for (const row of rows) {
      const event = await this.#read('event', textOf(row, 'name'), 'EVENT', 'Create Event')
      if (event !== undefined) found.push({ ...event, createdAt: createdAt(row) })
    }
    return found
  }

  async views(relations: readonly Relation[]): Promise<CodeContent[]> {
    const found: CodeContent[] = []
    for (const relation of relations) {
      const view = await this.#read('view', relation.name, 'VIEW', 'Create View')
      // information_schema says 'VIEW', or what is wrong with it.
      if (view !== undefined) found.push({ ...view, isValid: relation.comment === 'VIEW' })
    }
    return found
  }

  async #read(
    kind: CodeContent['kind'],
    name: string,
    sqlName: string,
    column: string,
  ): Promise<CodeContent | undefined> {
    const row = await this.#show(`SHOW CREATE ${sqlName} ${quoteQualified(this.#schema, name)}`)
    const statement = row?.get(column)
    if (row === undefined || statement === undefined || statement === null) {
      this.warnings.push(
        `${kind} ${this.#schema}.${name} is not part of the backup: the account may not read its definition`,
      )
      return undefined
    }
    const collationDatabase = asciiOf(row, 'Database Collation')
    const timeZone = asciiOf(row, 'time_zone')
    return {
      kind,
      name,
      statement: keptStatement(statement),
      sqlMode: asciiOf(row, 'sql_mode') ?? '',
      charsetClient: asciiOf(row, 'character_set_client') ?? 'utf8mb4',
      collationConnection: asciiOf(row, 'collation_connection') ?? 'utf8mb4_general_ci',
      ...(collationDatabase === undefined ? {} : { collationDatabase }),
      ...(timeZone === undefined ? {} : { timeZone }),
    }
  }

  async #show(sql: string): Promise<ByteRow | undefined> {
    await this.#connection.run('SET SESSION character_set_results = NULL')
    try {
      const [row] = await this.#query.rows(this.#connection, sql)
      return row
    } catch (error) {
      if (error instanceof HoldfastError && unreadable.has(serverErrno(error) ?? 0)) return undefined
      throw error
    } finally {
      await this.#connection.run('SET SESSION character_set_results = utf8mb4')
    }
  }
}

function createdAt(row: Row): number {
  return Number(bigintOf(row, 'created'))
}

function asciiOf(row: ByteRow, column: string): string | undefined {
  return row.get(column)?.toString('latin1')
}

export function keptStatement(bytes: Buffer): Statement {
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') }
}

/** The bytes to send, in the character set of the session the statement was made in. */
export function statementBytes(statement: Statement): Buffer {
  return typeof statement === 'string' ? Buffer.from(statement) : Buffer.from(statement.base64, 'base64')
}

/** For looking at it: of one that is not UTF-8 each byte is a character. */
export function statementText(statement: Statement): string {
  return typeof statement === 'string' ? statement : statementBytes(statement).toString('latin1')
}
