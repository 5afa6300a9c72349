// How the values of a dump become the cells of our rows, column by column.
import { HoldfastError } from '../../core/errors.ts'
import type { ColumnContent } from '../content.ts'
import type { LogicalDialect } from '../dialect.ts'
import type { RowPackets } from './row-packets.ts'
import type { ParsedRow, RowValue } from './row-values.ts'
import type { LexicalMode } from './sql-scan.ts'
import type { DumpedColumn, DumpedTable } from './table-columns.ts'
import { hasEscapes, unescaped } from './unescape.ts'

/** A column that rows bring. */
export interface ColumnForm {
  readonly name: string
  readonly encoding: ColumnContent['encoding']
  readonly type: string
  /** Of an ENUM or SET that is written as a number: its members' numbers or bits by their bytes in latin1. */
  readonly members: ReadonlyMap<string, bigint> | undefined
  /** Of BIT: how many bytes it has. */
  readonly bitBytes: number
  /** Text is in the client's character set, and another one than the column's: bytes as such cannot be taken. */
  readonly isConverted: boolean
}

const unicode = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii'])
const numbers = new Set(
  'tinyint smallint mediumint int bigint decimal float double year date time datetime timestamp'.split(' '),
)

export interface RowForm {
  /** Undefined for values that are computed, and for the numbers of transactions in a row's history. */
  readonly columns: readonly (ColumnForm | undefined)[]
  /** Which value tells the transaction that ended a row (MariaDB): only rows that none ended can be taken. */
  readonly endedAt: number | undefined
}

/**
 * The columns of a table by `names`, all but hidden ones by default. `charset` is that of the text in the dump; `binary` where text is in
 * each column's own.
 * @throws HoldfastError UNSUPPORTED for types and character sets that are not known, and names that the table lacks
 */
export function rowForm(
  dialect: LogicalDialect,
  schema: string,
  table: DumpedTable,
  names: readonly string[] | undefined,
  charset: string,
): RowForm {
  const columns =
    names?.map((name) => namedColumn(schema, table, name)) ??
    table.columns.filter((column) => !column.isInvisible)
  const endedAt = columns.findIndex((column) => isTransaction(column) && column.generation === 'ROW END')
  return {
    columns: columns.map((column) =>
      isTransaction(column) || dialect.isGenerated(column)
        ? undefined
        : columnForm(dialect, schema, table, column, charset),
    ),
    endedAt: endedAt < 0 ? undefined : endedAt,
  }
}

/** See history() of MariaDB's dialect: no server takes these back. */
function isTransaction({ type, generation }: DumpedColumn): boolean {
  return type === 'bigint' && generation.startsWith('ROW ')
}

/** How many cells a row has. */
export function storedColumns({ columns }: RowForm): number {
  return columns.filter((column) => column !== undefined).length
}

/** What ended a row that no transaction has ended yet. */
const notEnded = '18446744073709551615'

/** Writes a row, unless it is one of the past that no server takes back. @throws BadValue */
export function writeRow(
  packets: RowPackets,
  { columns, endedAt }: RowForm,
  bytes: Buffer,
  row: ParsedRow,
  mode: LexicalMode,
): void {
  if (row.length !== columns.length) {
    throw new BadValue(`${row.length} values for ${columns.length} columns`)
  }
  if (endedAt !== undefined) {
    const { start, end } = row.at(endedAt)
    if (bytes.toString('latin1', start, end) !== notEnded) return
  }
  packets.beginRow()
  for (let at = 0; at < columns.length; at++) {
    const column = columns[at]
    if (column !== undefined) writeValue(packets, column, bytes, row.at(at), mode)
  }
  packets.endRow()
}

function namedColumn(schema: string, table: DumpedTable, name: string): DumpedColumn {
  const found =
    table.columns.find((column) => column.name === name) ??
    table.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return found
  if (table.isVersioned && /^row_(?:start|end)$/i.test(name)) {
    return {
      name,
      type: 'timestamp',
      fullType: 'timestamp(6)',
      extra: '',
      generation: '',
      charset: undefined,
      isInvisible: true,
      members: [],
    }
  }
  throw unsupported(schema, table.name, `rows name the column ${name}, which its definition lacks`)
}

function columnForm(
  dialect: LogicalDialect,
  schema: string,
  table: DumpedTable,
  column: DumpedColumn,
  charset: string,
): ColumnForm {
  const plan = dialect.columnPlan(column)
  if (plan === undefined) {
    throw unsupported(schema, table.name, `column ${column.name} has the unknown type ${column.fullType}`)
  }
  const form = { name: column.name, type: column.type, bitBytes: bitBytes(column), members: undefined }
  const { encoding } = plan
  if (encoding === 'number') return { ...form, encoding, isConverted: true, members: membersOf(column) }
  const own = column.charset
  if (own === undefined || encoding === 'text' || charset === 'binary')
    return { ...form, encoding, isConverted: false }
  if (own === 'binary' || own === charset || (unicode.has(own) && unicode.has(charset))) {
    return { ...form, encoding, isConverted: false }
  }
  if (!unicode.has(charset) && charset !== 'latin1') {
    throw unsupported(schema, table.name, `its text is in ${charset}, which is not known here`)
  }
  // The members of a definition are in UTF-8, as the text of the dump is.
  if (column.members.length > 0 && unicode.has(charset)) {
    return { ...form, encoding: 'number', isConverted: true, members: membersOf(column) }
  }
  return { ...form, encoding: charset === 'latin1' ? 'text' : 'utf8', isConverted: true }
}

function membersOf(column: DumpedColumn): ReadonlyMap<string, bigint> {
  const isSet = column.type === 'set'
  return new Map(
    column.members.map((member, at) => [
      Buffer.from(member).toString('latin1'),
      isSet ? 1n << BigInt(at) : BigInt(at + 1),
    ]),
  )
}

function bitBytes({ type, fullType }: DumpedColumn): number {
  if (type !== 'bit') return 0
  return Math.ceil(Number(/\((\d+)\)/.exec(fullType)?.[1] ?? 1) / 8)
}

/** Thrown for a value that its column cannot have; the caller knows the row's place. */
export class BadValue extends Error {}

/** Writes a value as the next cell. @throws BadValue */
function writeValue(
  packets: RowPackets,
  form: ColumnForm,
  bytes: Buffer,
  value: RowValue,
  mode: LexicalMode,
): void {
  const { kind, start, end } = value
  switch (kind) {
    case 'null':
      packets.null()
      return
    case 'default':
      throw new BadValue(`${form.name} has DEFAULT in place of a value`)
    case 'number':
      if (form.bitBytes > 0)
        packets.cell(bigEndian(BigInt(bytes.toString('latin1', start, end)), form.bitBytes))
      else packets.cell(bytes, start, end)
      return
    case 'hex':
    case 'bits':
      if (form.isConverted || numbers.has(form.type)) {
        throw new BadValue(
          `${form.name} is ${form.type} and has a value in ${kind === 'hex' ? 'hex' : 'bits'}`,
        )
      }
      packets.cell(kind === 'hex' ? hexBytes(bytes, start, end) : bitString(bytes, start, end))
      return
    case 'binary':
      if (form.isConverted && form.members === undefined) {
        throw new BadValue(`${form.name} has bytes in place of text`)
      }
      writeText(packets, form, bytes, start, end, mode)
      return
    case 'utf8':
      if (form.isConverted && form.encoding !== 'utf8') throw new BadValue(`${form.name} has converted text`)
      writeText(packets, form, bytes, start, end, mode)
      return
    case 'text':
      writeText(packets, form, bytes, start, end, mode)
  }
}

function writeText(
  packets: RowPackets,
  form: ColumnForm,
  bytes: Buffer,
  start: number,
  end: number,
  { noBackslashEscapes }: LexicalMode,
): void {
  if (!hasEscapes(bytes, start, end)) writeCell(packets, form, bytes, start, end)
  else writeCell(packets, form, unescaped(bytes, start, end, noBackslashEscapes))
}

/** Writes what a cell holds, already without escapes. @throws BadValue */
export function writeCell(
  packets: RowPackets,
  form: ColumnForm,
  bytes: Buffer,
  start = 0,
  end = bytes.length,
): void {
  if (form.bitBytes > 0 && end - start !== form.bitBytes) {
    throw new BadValue(`${form.name} is BIT of ${form.bitBytes} bytes and has ${end - start}`)
  }
  if (form.members === undefined) packets.cell(bytes, start, end)
  else packets.cell(Buffer.from(memberNumber(form, form.members, bytes.toString('latin1', start, end))))
}

function memberNumber(form: ColumnForm, members: ReadonlyMap<string, bigint>, text: string): string {
  // An ENUM's error value 0 and its member '' look alike in every dump; the member is the likelier one.
  const single = members.get(text) ?? (text === '' ? 0n : undefined)
  if (single !== undefined) return String(single)
  const parts = form.type === 'set' ? text.split(',').map((part) => members.get(part)) : [undefined]
  let bits = 0n
  for (const part of parts) {
    if (part === undefined) throw new BadValue(`${form.name} has a value that is none of its members`)
    bits |= part
  }
  return String(bits)
}

function hexBytes(bytes: Buffer, start: number, end: number): Buffer {
  const digits = bytes.toString('latin1', start, end)
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
}

function bitString(bytes: Buffer, start: number, end: number): Buffer {
  return bigEndian(BigInt(`0b${bytes.toString('latin1', start, end) || '0'}`), Math.ceil((end - start) / 8))
}

function bigEndian(value: bigint, length: number): Buffer {
  const hex = value.toString(16)
  return Buffer.from(hex.padStart(Math.max(length * 2, hex.length + (hex.length % 2)), '0'), 'hex')
}

function unsupported(schema: string, table: string, what: string): HoldfastError {
  return new HoldfastError('UNSUPPORTED', `${schema}.${table}: ${what}`, { schema, table })
}
