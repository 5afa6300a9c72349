// What is known of the columns behind a table map: from its optional metadata, and where that says nothing, from elsewhere.
import { ByteReader } from '../bytes/byte-reader.ts'
import type { Flavour } from '../core/flavour.ts'
import { charsetOfCollation, textIn } from './character-sets.ts'
import { columnType, storedString } from './column-types.ts'
import type { TableColumn, TableMap } from './table-map-event.ts'

/** What is undefined is not known. */
export interface ColumnFacts {
  readonly name?: string | undefined
  readonly isUnsigned?: boolean | undefined
  /** `binary` for bytes that are no text. */
  readonly charset?: string | undefined
  /** Of ENUM and SET. */
  readonly labels?: readonly string[] | undefined
}

// Optional_metadata_field_type of both servers (table_map_log_event).
const field = {
  signedness: 1,
  defaultCharset: 2,
  columnCharset: 3,
  columnName: 4,
  setValues: 5,
  enumValues: 6,
  labelDefaultCharset: 10,
  labelColumnCharset: 11,
} as const

/** What the log itself says, one entry for each column. Throws MalformedDataError. */
export function columnFacts(map: TableMap, flavour: Flavour): ColumnFacts[] {
  const { columns = [], optionalMetadata } = map
  const facts: { -readonly [K in keyof ColumnFacts]: ColumnFacts[K] }[] = columns.map(() => ({}))
  const labelColumns = columns.map(hasLabels)
  const textColumns = indexesOf(columns, (column) => !hasLabels(column) && isText(column, flavour))
  const rawLabels = new Map<number, readonly Buffer[]>()
  const reader = new ByteReader(optionalMetadata, { what: `metadata of table ${map.schema}.${map.table}` })
  while (reader.remaining > 0) {
    const type = reader.u8()
    const value = new ByteReader(reader.lenencBytes(), {
      what: `metadata of table ${map.schema}.${map.table}`,
    })
    switch (type) {
      case field.signedness: {
        const bits = value.rest()
        for (const [i, column] of indexesOf(columns, isNumeric).entries()) {
          // The highest bit of each byte comes first.
          facts[column]!.isUnsigned = ((bits[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0
        }
        break
      }
      case field.defaultCharset:
      case field.labelDefaultCharset: {
        const chosen = type === field.defaultCharset ? textColumns : indexesOf(columns, hasLabels)
        const common = charsetOfCollation(value.lenenc())
        for (const column of chosen) facts[column]!.charset = common
        while (value.remaining > 0) {
          const column = chosen[value.lenenc()]
          const charset = charsetOfCollation(value.lenenc())
          if (column !== undefined) facts[column]!.charset = charset
        }
        break
      }
      case field.columnCharset:
      case field.labelColumnCharset:
        for (const column of type === field.columnCharset ? textColumns : indexesOf(columns, hasLabels)) {
          if (value.remaining > 0) facts[column]!.charset = charsetOfCollation(value.lenenc())
        }
        break
      case field.columnName:
        for (const fact of facts) {
          if (value.remaining > 0) fact.name = value.lenencBytes().toString('utf8')
        }
        break
      case field.setValues:
      case field.enumValues: {
        const wanted = type === field.setValues ? columnType.set : columnType.enum
        for (const [column, isLabelled] of labelColumns.entries()) {
          if (!isLabelled || labelTypeOf(columns[column]!) !== wanted || value.remaining === 0) continue
          const count = value.lenenc()
          const labels: Buffer[] = []
          for (let i = 0; i < count; i++) labels.push(value.lenencBytes())
          rawLabels.set(column, labels)
        }
        break
      }
      default:
    }
  }
  for (const [column, labels] of rawLabels) {
    const { charset } = facts[column]!
    const texts = labels.map((label) => labelText(label, charset))
    if (texts.every((text) => text !== undefined)) facts[column]!.labels = texts
  }
  return facts
}

/** Labels of a binary ENUM are bytes, which mostly are text as well. */
function labelText(label: Buffer, charset: string | undefined): string | undefined {
  return textIn(charset === undefined || charset === 'binary' ? 'utf8mb4' : charset, label)
}

/** ENUM or SET; undefined for all else. */
export function labelTypeOf({ type, metadata }: TableColumn): number | undefined {
  if (type === columnType.enum || type === columnType.set) return type
  if (type !== columnType.string) return undefined
  const stored = storedString(metadata).type
  return stored === columnType.string ? undefined : stored
}

function hasLabels(column: TableColumn): boolean {
  return labelTypeOf(column) !== undefined
}

const textTypes: ReadonlySet<number> = new Set([
  columnType.string,
  columnType.varString,
  columnType.varchar,
  columnType.varcharCompressed,
  columnType.blob,
  columnType.tinyBlob,
  columnType.mediumBlob,
  columnType.longBlob,
  columnType.blobCompressed,
])

/** A blob among others, with a character set: a geometry to MariaDB, a vector to MySQL (is_character_field of sql/log_event*.cc). */
const blobLike = { mysql: columnType.vector, mariadb: columnType.geometry }

function isText({ type }: TableColumn, flavour: Flavour): boolean {
  return textTypes.has(type) || type === blobLike[flavour]
}

const numericTypes: ReadonlySet<number> = new Set([
  columnType.tiny,
  columnType.short,
  columnType.int24,
  columnType.long,
  columnType.longLong,
  columnType.newDecimal,
  columnType.float,
  columnType.double,
  // Said to be without a sign.
  columnType.year,
])

function isNumeric({ type }: TableColumn): boolean {
  return numericTypes.has(type)
}

function indexesOf(columns: readonly TableColumn[], fits: (column: TableColumn) => boolean): number[] {
  return columns.flatMap((column, i) => (fits(column) ? [i] : []))
}
