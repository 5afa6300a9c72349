// Rows of a text result as JavaScript values, by the type of each column.
import { isUtf8 } from 'node:buffer'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { binaryCollationId, type ColumnDefinition, columnType } from './packets/column-definition.ts'
import { parseTextRow } from './packets/text-row.ts'
import type { Row, SqlValue } from './results.ts'

type Decode = (bytes: Buffer) => SqlValue

/** A function that turns row packets of these columns into rows. Of columns with one name the last wins. */
export function rowDecoder(columns: readonly ColumnDefinition[]): (packet: Buffer) => Row {
  const fields = columns.map((column) => ({ name: column.name, decode: valueDecoder(column) }))
  return (packet) => {
    const values = parseTextRow(packet, columns.length)
    // fromEntries, because an assignment to a column named __proto__ would not make a column.
    return Object.fromEntries(
      fields.map(({ name, decode }, index) => {
        const value = values[index]
        return [name, value === null || value === undefined ? null : decode(value)]
      }),
    )
  }
}

function valueDecoder(column: ColumnDefinition): Decode {
  switch (column.type) {
    case columnType.tiny:
    case columnType.short:
    case columnType.int24:
    case columnType.long:
    case columnType.year:
    case columnType.float:
    case columnType.double:
      return (bytes) => Number(bytes.toString('latin1'))
    case columnType.longLong:
      return integer
    case columnType.decimal:
    case columnType.newDecimal:
    case columnType.timestamp:
    case columnType.date:
    case columnType.time:
    case columnType.datetime:
      return (bytes) => bytes.toString('latin1')
    case columnType.bit:
    case columnType.geometry:
    case columnType.vector:
      return copy
    case columnType.json:
      // MySQL says `binary` here, and means that JSON is always utf8mb4.
      return (bytes) => text(bytes, column)
    default:
      return column.collationId === binaryCollationId ? copy : (bytes) => text(bytes, column)
  }
}

function integer(bytes: Buffer): number | bigint {
  const digits = bytes.toString('latin1')
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : BigInt(digits)
}

/** Values are views of what came from the socket; one small value must not keep 64 KiB alive. */
function copy(bytes: Buffer): Buffer {
  return Buffer.from(bytes)
}

/** The session's results are utf8mb4; bytes that are not would be lost silently by a decoder that replaces them. */
function text(bytes: Buffer, column: ColumnDefinition): string {
  if (!isUtf8(bytes)) {
    throw new MalformedDataError({
      what: `value of column ${column.name}`,
      offset: 0,
      expected: 'UTF-8',
      found: bytes.subarray(0, 16).toString('hex'),
    })
  }
  return bytes.toString('utf8')
}
