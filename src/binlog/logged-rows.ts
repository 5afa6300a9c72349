// The rows of an event with the values of their columns, before and after.
import { ByteReader } from '../bytes/byte-reader.ts'
import { decodeBinaryJson } from './binary-json.ts'
import type { BinlogEvent } from './binlog-event.ts'
import type { ColumnFacts } from './column-facts.ts'
import { columnType } from './column-types.ts'
import { applyJsonDiffs, type JsonDiff, readJsonDiffs } from './json-diff.ts'
import { jsonText } from './json-tree.ts'
import { type LoggedValue, type ReadValue, valueReader } from './logged-value.ts'
import { isSet, openImages, readPartialBits } from './rows-event.ts'
import type { TableMap } from './table-map-event.ts'

/** One value for each column of the table; undefined: not in the log. */
export type RowImage = readonly (LoggedValue | undefined)[]

export interface LoggedRow {
  /** Absent for an insert. */
  readonly before?: RowImage
  /** Absent for a delete. */
  readonly after?: RowImage
}

/**
 * The rows of an event, one at a time. Undefined where the table has a column of a type that is not known here. Throws
 * MalformedDataError, while it is read, where the images do not fill the event exactly.
 */
export function loggedRows(
  event: BinlogEvent,
  table: TableMap,
  facts: readonly ColumnFacts[],
): Iterable<LoggedRow> | undefined {
  const readers = table.columns?.map((column, i) => valueReader(column, facts[i] ?? {}))
  if (readers === undefined || !readers.every((read) => read !== undefined)) return undefined
  return readRows(event, table, readers)
}

function* readRows(event: BinlogEvent, table: TableMap, readers: readonly ReadValue[]): Generator<LoggedRow> {
  const { kind, images, first, second, jsonColumns } = openImages(event, table)
  const firstColumns = presentColumns(first, table.columnCount)
  const secondColumns = second === undefined ? undefined : presentColumns(second, table.columnCount)
  while (images.remaining > 0) {
    const start = images.offset
    const documents = new Map<number, Buffer>()
    const image = readImage(images, firstColumns, (i) => {
      const from = images.offset
      const value = readers[i]!(images)
      const column = table.columns?.[i]
      if (jsonColumns !== undefined && column?.type === columnType.json)
        documents.set(i, images.bytes.subarray(from + column.metadata, images.offset))
      return value
    })
    if (secondColumns === undefined) {
      yield kind === 'insert' ? { after: image } : { before: image }
    } else {
      const partial = jsonColumns === undefined ? undefined : readPartialBits(images, jsonColumns)
      const changed = partial === undefined ? new Set<number>() : changedDocuments(table, partial)
      yield {
        before: image,
        after: readImage(images, secondColumns, (i) =>
          changed.has(i) ? readChanged(images, documents.get(i)) : readers[i]!(images),
        ),
      }
    }
    // Rows without any column take no bytes, and the walk would not end.
    if (images.offset === start) throw images.malformed('rows with columns', 'rows without any')
  }
}

function readImage(
  reader: ByteReader,
  columns: readonly number[],
  read: (column: number) => LoggedValue,
): RowImage {
  const nulls = reader.take(Math.ceil(columns.length / 8))
  const image: (LoggedValue | undefined)[] = []
  for (const [i, column] of columns.entries()) image[column] = isSet(nulls, i) ? null : read(column)
  return image
}

function presentColumns(present: Buffer, columnCount: number): number[] {
  const columns: number[] = []
  for (let i = 0; i < columnCount; i++) if (isSet(present, i)) columns.push(i)
  return columns
}

/** The JSON columns whose bit is set. */
function changedDocuments({ columns = [] }: TableMap, bits: Buffer): ReadonlySet<number> {
  const documents = columns.flatMap(({ type }, i) => (type === columnType.json ? [i] : []))
  return new Set(documents.filter((_, i) => isSet(bits, i)))
}

/** The document after its changes, or the changes where the one before is not in the log. */
function readChanged(reader: ByteReader, before: Buffer | undefined): LoggedValue {
  const length = reader.u32()
  const origin = { what: 'changes of a JSON value', baseOffset: reader.place }
  const diffs = readJsonDiffs(new ByteReader(reader.take(length), origin))
  const document = before === undefined ? undefined : decodeBinaryJson(before, origin.baseOffset)
  const after = document === undefined ? undefined : applyJsonDiffs(document, diffs)
  return after === undefined ? { jsonChanges: diffs.map(changeText) } : jsonText(after)
}

function changeText({ operation, path, value }: JsonDiff) {
  return { operation, path, ...(value === undefined ? {} : { value: jsonText(value) }) }
}
