// What a split asks of the server: rows at the ends of a range and beside a key, by index seeks, and estimates of how many lie between.
import { quoteName, quoteQualified } from '../../instance/sql-text.ts'
import type { Row } from '../../wire/results.ts'
import { numberOf, textOf } from '../../wire/row-values.ts'
import { serverErrno } from '../../wire/server-error.ts'
import { readValue, valueExpressions } from './key-column.ts'
import { type KeyTuple, type RangeBounds, rangeCondition } from './key-range.ts'
import type { RangeKey } from './range-key.ts'
import type { SeekSession } from './seek-session.ts'

/** What the server says to a value that it keeps or that we made up, but does not compare with. */
const refusedErrnos = new Set([
  1292, // ER_TRUNCATED_WRONG_VALUE
  1300, // ER_INVALID_CHARACTER_STRING
  1525, // ER_WRONG_VALUE: 2020-02-31 may lie in a table of MySQL, but is no DATE in a condition
])

export interface Ends {
  readonly first: KeyTuple | undefined
  readonly last: KeyTuple | undefined
}

/** The first row of one range and the last row of another; 'refused' when the server does not take their bounds. */
export async function seekEnds(
  session: SeekSession,
  key: RangeKey,
  first: RangeBounds,
  last: RangeBounds,
  signal?: AbortSignal,
): Promise<Ends | 'refused'> {
  const seek = (side: number, range: RangeBounds, direction: 'ASC' | 'DESC') => {
    const values = key.columns.flatMap((column, at) => valueExpressions(column, `k${at}`))
    const order = key.columns.map((column) => `${quoteName(column.name)} ${direction}`)
    return `(SELECT ${side} AS side, ${values.join(', ')} ${source(key, range)} ORDER BY ${order.join(', ')} LIMIT 1)`
  }
  const rows = await orRefused(
    session.query(`${seek(0, first, 'ASC')} UNION ALL ${seek(1, last, 'DESC')}`, signal),
  )
  if (rows === 'refused') return rows
  const tupleOf = (side: number) => {
    const row = rows.find((candidate) => numberOf(candidate, 'side') === side)
    return row === undefined ? undefined : readTuple(key, row)
  }
  return { first: tupleOf(0), last: tupleOf(1) }
}

/** How a server reads a range without looking at other rows. */
const rangeReads = new Set(['range', 'ref', 'const'])

/**
 * Estimates of how many rows ranges have, by looking at the index where they begin and end.
 * @returns for each range undefined where the server knows that it has none; or 'refused' when it does not take their bounds or would read all
 *   rows to find one
 */
export async function estimateRows(
  session: SeekSession,
  key: RangeKey,
  ranges: readonly RangeBounds[],
  signal?: AbortSignal,
): Promise<readonly (number | undefined)[] | 'refused'> {
  const parts = ranges.map((range) => `SELECT 1 ${source(key, range)}`)
  // Of a statement with one SELECT and FORCE INDEX, MySQL does not estimate ranges (check_skip_records_in_range_qualification).
  const statement = parts.length === 1 ? `${parts[0]} UNION ALL SELECT 1` : parts.join(' UNION ALL ')
  const rows = await orRefused(session.query(`EXPLAIN FORMAT=TRADITIONAL ${statement}`, signal))
  if (rows === 'refused') return rows
  const sizes: (number | undefined)[] = []
  for (const [at, range] of ranges.entries()) {
    const row = rows.find((candidate) => candidate['id'] === at + 1)
    const isEmpty = row === undefined || row['rows'] === null
    if (!isEmpty && rangeCondition(key, range) !== '' && !rangeReads.has(textOf(row, 'type')))
      return 'refused'
    sizes.push(isEmpty ? undefined : numberOf(row, 'rows'))
  }
  return sizes
}

function source(key: RangeKey, range: RangeBounds): string {
  const condition = rangeCondition(key, range)
  const where = condition === '' ? '' : ` WHERE ${condition}`
  return `FROM ${quoteQualified(key.schema, key.table)} FORCE INDEX (${quoteName(key.index)})${where}`
}

function readTuple(key: RangeKey, row: Row): KeyTuple {
  return key.columns.map((column, at) => readValue(column, row, `k${at}`))
}

async function orRefused(rows: Promise<readonly Row[]>): Promise<readonly Row[] | 'refused'> {
  try {
    return await rows
  } catch (error) {
    if (refusedErrnos.has(serverErrno(error) ?? 0)) return 'refused'
    throw error
  }
}
