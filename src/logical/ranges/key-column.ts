// A column of a key: how its values are read without losing a bit, and how they are written as SQL.
import { quoteName, quoteText } from '../../instance/sql-text.ts'
import type { Row } from '../../wire/results.ts'
import { textOf } from '../../wire/row-values.ts'

/** What the values of a column look like; it says how they are read, written and interpolated. */
export type KeyKind =
  | 'integer'
  | 'decimal'
  | 'year'
  | 'date'
  | 'datetime'
  | 'timestamp'
  | 'time'
  | 'inet4'
  | 'inet6'
  | 'uuid'
  | 'binary'
  | 'text'

export interface KeyColumn {
  readonly name: string
  readonly kind: KeyKind
  /** Text only, else ''. */
  readonly charset: string
  readonly collation: string
}

/** One column's value in a boundary. */
export interface KeyValue {
  /** An expression for exactly this value, in a session for reading. */
  readonly sql: string
  /** For people and for interpolation: the text of the value, for binary its bytes in hex. */
  readonly text: string
}

const kinds: Readonly<Record<string, KeyKind>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  decimal: 'decimal',
  year: 'year',
  date: 'date',
  datetime: 'datetime',
  timestamp: 'timestamp',
  time: 'time',
  inet4: 'inet4',
  inet6: 'inet6',
  uuid: 'uuid',
  binary: 'binary',
  varbinary: 'binary',
  char: 'text',
  varchar: 'text',
}

/**
 * The kind of a type of information_schema (DATA_TYPE), undefined for one that is not to be cut by: ENUM and SET are ordered by number
 * and compared by text, FLOAT and DOUBLE are not what their text says, the others cannot be keys as a whole.
 */
export function keyKind(type: string): KeyKind | undefined {
  return Object.hasOwn(kinds, type) ? kinds[type] : undefined
}

/** What is selected to read the column as `name`: one or two expressions. */
export function valueExpressions(column: KeyColumn, name: string): string[] {
  const quoted = quoteName(column.name)
  if (column.kind === 'binary') return [`HEX(${quoted}) AS ${name}`]
  // The bytes for the boundary, since two characters of a set may be one in Unicode; the characters for interpolation.
  if (column.kind === 'text') {
    return [`HEX(${quoted}) AS ${name}`, `HEX(CONVERT(${quoted} USING utf8mb4)) AS ${name}_text`]
  }
  return [`${quoted} AS ${name}`]
}

/** The value that `valueExpressions` selected. */
export function readValue(column: KeyColumn, row: Row, name: string): KeyValue {
  const value = textOf(row, name)
  if (column.kind === 'text') {
    const sql = `_${column.charset} X'${value}' COLLATE ${column.collation}`
    return { sql, text: Buffer.from(textOf(row, `${name}_text`), 'hex').toString('utf8') }
  }
  // YEAR comes as a number, and 0 would mean 2000 in a text.
  return valueOf(column, column.kind === 'year' ? value.padStart(4, '0') : value)
}

/** A value of our own making; it need not be one that the column can hold. */
export function valueOf(column: KeyColumn, text: string): KeyValue {
  if (column.kind === 'integer' || column.kind === 'decimal') return { sql: text, text }
  if (column.kind === 'binary') return { sql: `_binary X'${text}'`, text }
  if (column.kind !== 'text') return { sql: quoteText(text), text }
  const hex = Buffer.from(text, 'utf8').toString('hex')
  // A character that the set does not have becomes '?', instead of an error.
  return { sql: `CONVERT(_utf8mb4 X'${hex}' USING ${column.charset}) COLLATE ${column.collation}`, text }
}
