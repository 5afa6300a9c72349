// Whether two column types write a value as the same text.
import { quoteName } from '../../instance/sql-text.ts'

export interface ColumnType {
  readonly name: string
  /** What stands in the parentheses behind it. */
  readonly size: string
  readonly isZerofill: boolean
}

/** The type of a column in a CREATE TABLE as servers show it; undefined for a column that it does not mention. */
export function columnTypeIn(ddl: string, column: string): ColumnType | undefined {
  const before = `\n  ${quoteName(column)} `
  const at = ddl.indexOf(before)
  if (at < 0) return undefined
  const match = /^(\w+)(?:\(((?:[^()']|'(?:[^'\\]|''|\\.)*')*)\))?((?: unsigned| zerofill)*)/i.exec(
    ddl.slice(at + before.length),
  )
  if (match === null) return undefined
  const [, name = '', size = '', attributes = ''] = match
  return { name: name.toLowerCase(), size, isZerofill: /zerofill/i.test(attributes) }
}

/** True for two types whose values are read as the same text (through the `select` of their columns). */
export function haveSameText(one: ColumnType, other: ColumnType): boolean {
  return writtenAs(one) === writtenAs(other)
}

const integers = new Set('tinyint smallint mediumint int bigint'.split(' '))
const texts = new Set('char varchar tinytext text mediumtext longtext uuid inet4 inet6'.split(' '))
const bytes = new Set('varbinary tinyblob blob mediumblob longblob'.split(' '))
const spatial = new Set(
  'geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection'.split(
    ' ',
  ),
)

function writtenAs({ name, size, isZerofill }: ColumnType): string {
  if (integers.has(name)) return isZerofill ? `zeros(${size})` : 'integer'
  if (texts.has(name)) return 'text'
  if (bytes.has(name)) return 'bytes'
  if (spatial.has(name)) return 'geometry'
  // Both are selected as the shortest digits of a double.
  if (name === 'float' || name === 'double') return 'double'
  if (name === 'datetime' || name === 'timestamp') return `moment(${size})`
  // Members may be more by now; and MariaDB writes year(4).
  if (name === 'enum' || name === 'set' || name === 'year') return name
  return `${name}(${size})${isZerofill ? ' zerofill' : ''}`
}
