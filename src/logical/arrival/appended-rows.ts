// Tables of a target that get rows besides those they have: how many came, and whether foreign keys hold.
import { formatTableName } from '../../core/name-list.ts'
import { isSchema, quoteName, quoteQualified, quoteText } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf, textOf } from '../../wire/row-values.ts'
import { serverErrno } from '../../wire/server-error.ts'
import type { TableContent } from '../content.ts'
import type { AppendedTable } from './appendable.ts'

export class AppendedRows {
  readonly #tables: readonly AppendedTable[]
  readonly #rows: Map<TableContent, number>

  constructor(tables: readonly AppendedTable[]) {
    this.#tables = tables
    this.#rows = new Map(tables.map(({ table }) => [table, 0]))
  }

  has(table: TableContent): boolean {
    return this.#rows.has(table)
  }

  /** Counts rows that are committed. Does nothing for other tables. */
  add(table: TableContent, rows: number): void {
    const before = this.#rows.get(table)
    if (before !== undefined) this.#rows.set(table, before + rows)
  }

  /** After a failure: what stays in tables that had rows before. */
  leftBehind(): readonly string[] {
    return this.#tables.flatMap(({ schema, table }) => {
      const rows = this.#rows.get(table) ?? 0
      if (rows === 0) return []
      return [
        `${formatTableName({ schema, name: table.name })} has ${rows} of ${table.rows} rows of the backup now, which were committed before the failure`,
      ]
    })
  }

  /** Foreign keys are not checked while rows come, since tables refer to one another: a warning for each that does not hold now. */
  async orphans(connection: Connection, signal: AbortSignal | undefined): Promise<readonly string[]> {
    const warnings: string[] = []
    for (const { schema, table } of this.#tables) {
      for (const key of await foreignKeys(connection, schema, table.name, signal)) {
        const rows = await countOrphans(connection, schema, table.name, key, signal)
        if (rows === undefined) {
          warnings.push(
            `foreign key ${key.name} of ${formatTableName({ schema, name: table.name })} refers to ${key.schema}.${key.table}, which is not there`,
          )
        } else if (rows > 0) {
          warnings.push(
            `foreign key ${key.name}: ${rows} rows of ${formatTableName({ schema, name: table.name })} refer to rows that ${key.schema}.${key.table} does not have`,
          )
        }
      }
    }
    return warnings
  }
}

interface ForeignKey {
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly columns: readonly { readonly from: string; readonly to: string }[]
}

async function foreignKeys(
  connection: Connection,
  schema: string,
  table: string,
  signal: AbortSignal | undefined,
): Promise<readonly ForeignKey[]> {
  const rows = await connection.query(
    `SELECT CONSTRAINT_NAME AS name, COLUMN_NAME AS fromColumn, REFERENCED_TABLE_SCHEMA AS toSchema,
       REFERENCED_TABLE_NAME AS toTable, REFERENCED_COLUMN_NAME AS toColumn
     FROM information_schema.KEY_COLUMN_USAGE
     WHERE ${isSchema('TABLE_SCHEMA', schema)} AND TABLE_NAME = ${quoteText(table)} AND REFERENCED_TABLE_NAME IS NOT NULL
     ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION`,
    { signal },
  )
  const byName = Map.groupBy(rows, (row) => textOf(row, 'name'))
  return [...byName].flatMap(([name, parts]) => {
    const [first] = parts
    if (first === undefined) return []
    const columns = parts.map((row) => ({ from: textOf(row, 'fromColumn'), to: textOf(row, 'toColumn') }))
    return [{ name, schema: textOf(first, 'toSchema'), table: textOf(first, 'toTable'), columns }]
  })
}

async function countOrphans(
  connection: Connection,
  schema: string,
  table: string,
  key: ForeignKey,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const isSet = key.columns.map(({ from }) => `c.${quoteName(from)} IS NOT NULL`).join(' AND ')
  const isSame = key.columns.map(({ from, to }) => `p.${quoteName(to)} = c.${quoteName(from)}`).join(' AND ')
  try {
    const [row = {}] = await connection.query(
      `SELECT COUNT(*) AS orphans FROM ${quoteQualified(schema, table)} c
       WHERE ${isSet} AND NOT EXISTS (SELECT 1 FROM ${quoteQualified(key.schema, key.table)} p WHERE ${isSame})`,
      { signal },
    )
    return numberOf(row, 'orphans')
  } catch (error) {
    if (serverErrno(error) === noSuchTable) return undefined
    throw error
  }
}

const noSuchTable = 1146 // ER_NO_SUCH_TABLE
