// The partitions of a table, and statements that read some of them alone.
import { quoteName, quoteQualified, quoteText } from '../../instance/sql-text.ts'
import type { Connection } from '../../wire/connection.ts'
import { numberOf, textOf } from '../../wire/row-values.ts'

/** Partitions that follow one another, or subpartitions where a table has them: what is read at once. */
export interface PartitionGroup {
  readonly names: readonly string[]
  /** As the server estimates them. */
  readonly bytes: number
  readonly rows: number
}

/** In the order of the definition; none of a table that is not partitioned. */
export async function readPartitions(
  connection: Connection,
  schema: string,
  table: string,
  signal?: AbortSignal,
): Promise<readonly PartitionGroup[]> {
  const rows = await connection.query(
    `SELECT COALESCE(SUBPARTITION_NAME, PARTITION_NAME) AS name, COALESCE(DATA_LENGTH, 0) AS bytes, COALESCE(TABLE_ROWS, 0) AS estimate
     FROM information_schema.PARTITIONS
     WHERE TABLE_SCHEMA = ${quoteText(schema)} AND TABLE_NAME = ${quoteText(table)} AND PARTITION_NAME IS NOT NULL
     ORDER BY PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION`,
    { signal },
  )
  return rows.map((row) => ({
    names: [textOf(row, 'name')],
    bytes: numberOf(row, 'bytes'),
    rows: numberOf(row, 'estimate'),
  }))
}

/** Joins neighbours as long as they have at most `maxBytes` together: a table may have 8192 partitions. */
export function groupPartitions(
  partitions: readonly PartitionGroup[],
  maxBytes: number,
): readonly PartitionGroup[] {
  const groups: PartitionGroup[] = []
  for (const next of partitions) {
    const last = groups.at(-1)
    if (last === undefined || last.bytes + next.bytes > maxBytes) groups.push(next)
    else {
      groups[groups.length - 1] = {
        names: [...last.names, ...next.names],
        bytes: last.bytes + next.bytes,
        rows: last.rows + next.rows,
      }
    }
  }
  return groups
}

/** What stands behind FROM: the table, or some of its partitions. */
export function tableReference(schema: string, table: string, partitions: readonly string[] = []): string {
  const qualified = quoteQualified(schema, table)
  return partitions.length === 0
    ? qualified
    : `${qualified} PARTITION (${partitions.map(quoteName).join(', ')})`
}

/** Puts partitions into a statement that reads the whole table. Undefined where it is not one of this table. */
export function partitionSelect(
  select: string,
  schema: string,
  table: string,
  partitions: readonly string[],
): string | undefined {
  const head = `FROM ${tableReference(schema, table)}`
  // The last one: what is selected may hold any text, and behind the table stand hints alone.
  const at = select.lastIndexOf(head)
  if (at < 0) return undefined
  return `${select.slice(0, at)}FROM ${tableReference(schema, table, partitions)}${select.slice(at + head.length)}`
}

/** For people: `partition p0`, `partitions p0 to p9`. */
export function partitionsText(partitions: readonly string[]): string {
  const [first = ''] = partitions
  return partitions.length === 1 ? `partition ${first}` : `partitions ${first} to ${partitions.at(-1)}`
}
