// Tables of a target that get rows besides those they have, and how many came.
import { formatTableName } from '../../core/name-list.ts'
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
}
