// A sequence of MariaDB as programs see it that know tables only: one row with its definition and its state.
import { quoteName } from '../../instance/sql-text.ts'
import type { SequenceContent } from '../content.ts'

/**
 * `row`: next_not_cached_value, minimum_value, maximum_value, start_value, increment, cache_size, cycle_option, cycle_count. Undefined
 * where it is another one.
 */
export function sequenceOf(name: string, row: readonly string[]): SequenceContent | undefined {
  if (row.length !== 8 || !row.every((value) => /^-?\d+$/.test(value))) return undefined
  const [next = '', minimum = '', maximum = '', start = '', increment = '', cache = '', cycle, count = ''] =
    row
  const ddl = [
    `CREATE SEQUENCE ${quoteName(name)} START WITH ${start} MINVALUE ${minimum} MAXVALUE ${maximum}`,
    `INCREMENT BY ${increment} ${cache === '0' ? 'NOCACHE' : `CACHE ${cache}`} ${cycle === '1' ? 'CYCLE' : 'NOCYCLE'}`,
  ].join(' ')
  return { name, ddl, next, cycle: count }
}
