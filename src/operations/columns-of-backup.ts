// Names and types of a table's columns as a backup's definition has them, for logs that do not tell.
import type { DefinedColumns, KnownColumns } from '../archive/show-transactions.ts'
import { type ColumnFacts, labelTypeOf } from '../binlog/column-facts.ts'
import { columnType } from '../binlog/column-types.ts'
import type { TableColumn, TableMap } from '../binlog/table-map-event.ts'
import { isHoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { type LogicalContent, parseLogicalContent } from '../logical/content.ts'
import { type DefinedColumn, definedColumns } from '../logical/defined-columns.ts'
import type { BackupListing } from '../repository/manifest.ts'
import type { SourceRepository } from '../repository/source-repository.ts'

/** Looks into the last backup with definitions that began before a change, else into the first after it. */
export function columnsOfBackups(source: SourceRepository, signal: AbortSignal): KnownColumns {
  let backups: Promise<readonly BackupListing[]> | undefined
  const contents = new Map<string, Promise<LogicalContent | undefined>>()
  return async (map, timeMicros) => {
    backups ??= source.listBackups(signal)
    const all = (await backups).filter(({ kind }) => kind === 'logical')
    const found = all.findLast(({ startedAt }) => Date.parse(startedAt) * 1000 <= timeMicros) ?? all[0]
    if (found === undefined) return undefined
    const { id } = found
    const reading = contents.get(id) ?? readContent(source, id, signal)
    contents.set(id, reading)
    const table = (await reading)?.schemas
      .find(({ name }) => name === map.schema)
      ?.tables.find(({ name }) => name === map.table)
    const columns = table === undefined ? undefined : definedColumns(table.ddl)
    return columns === undefined ? undefined : fitting(columns, map, id)
  }
}

async function readContent(
  source: SourceRepository,
  id: string,
  signal: AbortSignal,
): Promise<LogicalContent | undefined> {
  try {
    return parseLogicalContent((await source.openBackup(id, signal)).content)
  } catch (error) {
    // Without this backup names are missing, and are shown as numbers; that it is damaged, or gone, is for others to tell.
    if (isHoldfastError(error, 'VERIFY_FAILED', 'WRONG_KEY', 'FAILED') || error instanceof MalformedDataError)
      return undefined
    throw error
  }
}

/** Undefined where the definition is of another table than the one that was written to: it was altered in between. */
function fitting(
  defined: readonly DefinedColumn[],
  { columns = [] }: TableMap,
  backup: string,
): DefinedColumns | undefined {
  if (defined.length !== columns.length) return undefined
  if (!defined.every(({ type }, i) => isStoredAs(type, columns[i]!))) return undefined
  return { backup, facts: defined.map(factsOf) }
}

function factsOf({ name, isUnsigned, charset, labels }: DefinedColumn): ColumnFacts {
  return { name, isUnsigned, charset, labels }
}

function isStoredAs(type: string, column: TableColumn): boolean {
  const label = labelTypeOf(column)
  if (type === 'enum') return label === columnType.enum
  if (type === 'set') return label === columnType.set
  if (label !== undefined) return false
  return storedTypes[type]?.includes(column.type) === true
}

const blobs = [columnType.blob, columnType.blobCompressed]
const varchars = [columnType.varchar, columnType.varcharCompressed]
const geometry = [columnType.geometry]

/** By the words of SHOW CREATE TABLE. */
const storedTypes: Readonly<Record<string, readonly number[]>> = {
  tinyint: [columnType.tiny],
  smallint: [columnType.short],
  mediumint: [columnType.int24],
  int: [columnType.long],
  bigint: [columnType.longLong],
  float: [columnType.float],
  double: [columnType.double],
  decimal: [columnType.newDecimal],
  bit: [columnType.bit],
  year: [columnType.year],
  date: [columnType.date, columnType.newDate],
  time: [columnType.time, columnType.time2],
  datetime: [columnType.dateTime, columnType.dateTime2],
  timestamp: [columnType.timestamp, columnType.timestamp2],
  char: [columnType.string],
  binary: [columnType.string],
  uuid: [columnType.string],
  inet4: [columnType.string],
  inet6: [columnType.string],
  varchar: varchars,
  varbinary: varchars,
  tinytext: blobs,
  text: blobs,
  mediumtext: blobs,
  longtext: blobs,
  tinyblob: blobs,
  blob: blobs,
  mediumblob: blobs,
  longblob: blobs,
  json: [columnType.json, columnType.blob],
  vector: [columnType.vector, columnType.varchar],
  geometry,
  point: geometry,
  linestring: geometry,
  polygon: geometry,
  multipoint: geometry,
  multilinestring: geometry,
  multipolygon: geometry,
  geomcollection: geometry,
  geometrycollection: geometry,
}
