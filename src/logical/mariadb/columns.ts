// How each column type of MariaDB goes into rows and back without losing a bit.
import { floatingPlan, plainPlan } from '../column-plans.ts'
import type { ColumnFacts, ColumnPlan, History } from '../dialect.ts'

const plainTypes = new Set(
  (
    'tinyint smallint mediumint int bigint decimal bit date time datetime timestamp year ' +
    'char varchar binary varbinary tinyblob blob mediumblob longblob tinytext text mediumtext longtext enum set ' +
    'geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection vector'
  ).split(' '),
)

// A binary string is taken for their internal form, so the text must come as text.
const textTypes = new Set(['uuid', 'inet4', 'inet6', 'xmltype'])

export function columnPlan(column: ColumnFacts): ColumnPlan | undefined {
  if (column.type === 'float' || column.type === 'double') return floatingPlan
  if (textTypes.has(column.type)) return { select: (quoted) => quoted, encoding: 'text' }
  return plainTypes.has(column.type) ? plainPlan(column) : undefined
}

export function isGenerated(column: ColumnFacts): boolean {
  return /\b(?:VIRTUAL|STORED) GENERATED\b/.test(column.extra)
}

/**
 * Columns of a system-versioned table that say from when to when a row held are hidden unless they were declared. BIGINT ones hold the
 * numbers of transactions, which mean something only together with the source's mysql.transaction_registry, and cannot be written:
 * system_versioning_insert_history is for timestamps.
 */
export function history(tableType: string, columns: readonly ColumnFacts[]): History {
  if (tableType !== 'SYSTEM VERSIONED') return { kind: 'none' }
  const declared = ['ROW START', 'ROW END'].map((role) =>
    columns.find((column) => column.generation === role),
  )
  if (declared.some((column) => column?.type === 'bigint')) return { kind: 'lost' }
  return {
    kind: 'kept',
    columns: declared.map(
      (column, at) =>
        column ?? {
          name: at === 0 ? 'row_start' : 'row_end',
          type: 'timestamp',
          fullType: 'timestamp(6)',
          extra: '',
          generation: '',
        },
    ),
  }
}
