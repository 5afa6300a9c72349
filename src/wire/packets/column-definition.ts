// What the server tells about one column of a result (Protocol::ColumnDefinition41).
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'

export interface ColumnDefinition {
  readonly schema: string
  /** Alias of the table in the statement, and its real name. */
  readonly table: string
  readonly orgTable: string
  /** Alias of the column in the statement, and its real name. */
  readonly name: string
  readonly orgName: string
  /** 63 is `binary`. */
  readonly collationId: number
  /** Longest value in bytes, as the server guesses it. */
  readonly columnLength: number
  /** One of columnType. */
  readonly type: number
  /** Column Definition Flags of the protocol: 1 is NOT NULL, 32 UNSIGNED, 128 BINARY. */
  readonly flags: number
  readonly decimals: number
}

/** enum_field_types of both servers. */
export const columnType = {
  decimal: 0,
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longLong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  varchar: 15,
  bit: 16,
  vector: 242,
  json: 245,
  newDecimal: 246,
  enum: 247,
  set: 248,
  tinyBlob: 249,
  mediumBlob: 250,
  longBlob: 251,
  blob: 252,
  varString: 253,
  string: 254,
  geometry: 255,
} as const

export const binaryCollationId = 63

export function parseColumnDefinition(packet: Buffer): ColumnDefinition {
  const reader = new ByteReader(packet, { what: 'column definition' })
  reader.lenencBytes() // catalog: always 'def'
  const schema = text(reader)
  const table = text(reader)
  const orgTable = text(reader)
  const name = text(reader)
  const orgName = text(reader)
  const fixedLength = reader.lenenc()
  if (fixedLength < 12) throw reader.malformed('12 bytes of fixed fields', String(fixedLength))
  return {
    schema,
    table,
    orgTable,
    name,
    orgName,
    collationId: reader.u16(),
    columnLength: reader.u32(),
    type: reader.u8(),
    flags: reader.u16(),
    decimals: reader.u8(),
  }
}

export function columnDefinitionToBytes(column: ColumnDefinition): Buffer {
  return new ByteWriter()
    .lenencText('def')
    .lenencText(column.schema)
    .lenencText(column.table)
    .lenencText(column.orgTable)
    .lenencText(column.name)
    .lenencText(column.orgName)
    .lenenc(12)
    .u16(column.collationId)
    .u32(column.columnLength)
    .u8(column.type)
    .u16(column.flags)
    .u8(column.decimals)
    .zeros(2)
    .toBuffer()
}

function text(reader: ByteReader): string {
  return reader.lenencBytes().toString('utf8')
}
