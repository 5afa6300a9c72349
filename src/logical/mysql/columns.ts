// How each column type of MySQL goes into rows and back without losing a bit.

import { floatingPlan, plainPlan } from '../column-plans.ts'
import type { ColumnFacts, ColumnPlan } from '../dialect.ts'

const plainTypes = new Set(
  (
    'tinyint smallint mediumint int bigint decimal bit date time datetime timestamp year ' +
    'char varchar binary varbinary tinyblob blob mediumblob longblob tinytext text mediumtext longtext enum set ' +
    'geometry point linestring polygon multipoint multilinestring multipolygon geomcollection geometrycollection vector'
  ).split(' '),
)

export function columnPlan(column: ColumnFacts): ColumnPlan | undefined {
  if (column.type === 'float' || column.type === 'double') return floatingPlan
  // A binary string is refused for JSON (ER_INVALID_JSON_CHARSET 3144).
  if (column.type === 'json') return { select: (quoted) => quoted, encoding: 'json' }
  return plainTypes.has(column.type) ? plainPlan(column) : undefined
}

export function isGenerated(column: ColumnFacts): boolean {
  // DEFAULT_GENERATED is an ordinary column whose default is an expression.
  return /\b(?:VIRTUAL|STORED) GENERATED\b/.test(column.extra)
}
