// Which key a table can be cut by, if any.
import { quoteQualified, quoteText } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf, textOf, textOrNull } from '../../wire/row-values.ts'
import type { TableDefinition } from '../table-definition.ts'
import { type KeyColumn, keyKind } from './key-column.ts'

/** A key that a table is cut by. Plain data: may be sent to another thread. */
export interface RangeKey {
  readonly schema: string
  readonly table: string
  readonly index: string
  /** The leading columns of the index that are used; at least one. */
  readonly columns: readonly KeyColumn[]
  /** Rows may have NULL in the first column. */
  readonly isNullable: boolean
  /** Rows lie in the order of this key; by another key each row is looked up on its own. */
  readonly isClustered: boolean
}

interface IndexPart {
  readonly index: string
  readonly column: string
  readonly isNullable: boolean
  /** Of the whole column, not of a prefix or an expression. */
  readonly isWhole: boolean
  readonly isAscending: boolean
}

/**
 * A usable key of a table, or undefined when the table is to be read in one stream: the clustered key, or where InnoDB made up one of its
 * own, a unique key with NULLs.
 */
export async function readRangeKey(
  connection: Connection,
  schema: string,
  table: Pick<TableDefinition, 'name' | 'engine' | 'isInsertOnly'>,
  signal?: AbortSignal,
): Promise<RangeKey | undefined> {
  // What lies in order and how many rows a range has is known of InnoDB; periods and history (isInsertOnly) change what a key means.
  if (table.engine !== 'InnoDB' || table.isInsertOnly) return undefined
  const indexes = await readUniqueIndexes(connection, schema, table.name, signal)
  const clustered = clusteredIndex(indexes)
  const columns = await readKeyColumns(connection, schema, table.name, signal)
  for (const parts of clustered === undefined ? indexes : [clustered]) {
    const used = usableParts(parts, columns)
    const [first] = used
    if (first === undefined) continue
    return {
      schema,
      table: table.name,
      index: first.index,
      columns: used.map((part) => part.type),
      isNullable: first.isNullable,
      isClustered: clustered !== undefined,
    }
  }
  return undefined
}

async function readUniqueIndexes(
  connection: Connection,
  schema: string,
  table: string,
  signal: AbortSignal | undefined,
): Promise<readonly (readonly IndexPart[])[]> {
  const rows = await connection.query(`SHOW KEYS FROM ${quoteQualified(schema, table)}`, { signal })
  const indexes = new Map<string, IndexPart[]>()
  for (const row of rows) {
    // An index that is not visible (MySQL) or ignored (MariaDB) cannot be forced. HASH is MariaDB's UNIQUE of long columns.
    const isHidden = row['Visible'] === 'NO' || row['Ignored'] === 'YES'
    if (numberOf(row, 'Non_unique') !== 0 || textOf(row, 'Index_type') !== 'BTREE' || isHidden) continue
    const index = textOf(row, 'Key_name')
    const column = textOrNull(row, 'Column_name')
    const part: IndexPart = {
      index,
      column: column ?? '',
      isNullable: textOrNull(row, 'Null') === 'YES',
      isWhole: column !== null && row['Sub_part'] === null,
      isAscending: textOrNull(row, 'Collation') === 'A',
    }
    const parts = indexes.get(index)
    if (parts === undefined) indexes.set(index, [part])
    else parts.push(part)
  }
  return [...indexes.values()]
}

/** InnoDB lays rows in the order of the primary key, else of the first unique key without NULL; SHOW KEYS lists them in this order. */
function clusteredIndex(indexes: readonly (readonly IndexPart[])[]): readonly IndexPart[] | undefined {
  return (
    indexes.find((parts) => parts[0]?.index === 'PRIMARY') ??
    indexes.find((parts) => parts.every((part) => part.isWhole && !part.isNullable))
  )
}

function usableParts(
  parts: readonly IndexPart[],
  columns: ReadonlyMap<string, KeyColumn>,
): readonly (IndexPart & { readonly type: KeyColumn })[] {
  const used: (IndexPart & { readonly type: KeyColumn })[] = []
  for (const part of parts) {
    const type = columns.get(part.column)
    // Only the first column may be NULL, which makes a range of its own; (1, NULL) is neither below nor above (1, 2).
    const isUsable = part.isWhole && part.isAscending && !(part.isNullable && used.length > 0)
    if (type === undefined || !isUsable) break
    used.push({ ...part, type })
  }
  return used
}

async function readKeyColumns(
  connection: Connection,
  schema: string,
  table: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, KeyColumn>> {
  const rows = await connection.query(
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COALESCE(CHARACTER_SET_NAME, '') AS charset,
       COALESCE(COLLATION_NAME, '') AS collation, EXTRA AS extra
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${quoteText(schema)} AND TABLE_NAME = ${quoteText(table)}`,
    { signal },
  )
  const columns = new Map<string, KeyColumn>()
  for (const row of rows) {
    const kind = keyKind(textOf(row, 'type').toLowerCase())
    // A virtual column is computed anew by each reader.
    if (kind === undefined || /\bVIRTUAL GENERATED\b/.test(textOf(row, 'extra'))) continue
    const name = textOf(row, 'name')
    columns.set(name, {
      name,
      kind,
      charset: kind === 'text' ? textOf(row, 'charset') : '',
      collation: kind === 'text' ? textOf(row, 'collation') : '',
    })
  }
  return columns
}
