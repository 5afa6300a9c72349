// What a transaction did, in short: rows by table and kind, and the statement of a DDL.
import type { BinlogEvent } from '../binlog/binlog-event.ts'
import { eventType } from '../binlog/event-types.ts'
import { decodeQuery } from '../binlog/query-event.ts'
import { countRows, decodeRows, isRowsEvent } from '../binlog/rows-event.ts'
import { isDataChange, isTransactionControl, statementStart } from '../binlog/statement-kind.ts'
import { namesTable } from '../binlog/statement-names.ts'
import { decodeTableMap, type TableMap } from '../binlog/table-map-event.ts'

export interface TableChanges {
  readonly schema: string
  readonly table: string
  readonly inserts: number
  readonly updates: number
  readonly deletes: number
  /** Some rows could not be counted: the table has a column of a type whose length the log does not tell. */
  readonly isUncounted: boolean
}

export interface TransactionChanges {
  readonly tables: readonly TableChanges[]
  /** The statement of a DDL, or of the first change that was logged as a statement; cut at `statementLimit` characters. */
  readonly statement?: string
}

const statementLimit = 1000

type MutableChanges = { -readonly [K in keyof TableChanges]: TableChanges[K] }

const counterOf = { insert: 'inserts', update: 'updates', delete: 'deletes' } as const

export interface ChangeSummary {
  readonly changes: TransactionChanges
  /** A statement has the name of the table that was asked for, as far as its text tells. */
  readonly isNamed: boolean
}

/** Reads all events of a transaction, payloads unpacked. `table` is `schema.table` or a schema. Throws MalformedDataError. */
export async function summarizeChanges(
  events: AsyncIterable<BinlogEvent>,
  table: string | undefined,
): Promise<ChangeSummary> {
  const tables = new Map<string, MutableChanges>()
  const maps = new Map<number, TableMap>()
  let statement: string | undefined
  let isNamed = false
  for await (const event of events) {
    if (event.header.type === eventType.tableMap) {
      const map = decodeTableMap(event)
      maps.set(map.tableId, map)
    } else if (isRowsEvent(event)) {
      addRows(tables, maps, event)
    } else if (event.header.type === eventType.query || event.header.type === eventType.queryCompressed) {
      const query = decodeQuery(event)
      const start = statementStart(query.statement)
      if (isTransactionControl(start)) continue
      const text = query.statement.toString('utf8')
      isNamed ||= table !== undefined && namesTable(text, query.schema, table)
      if (statement === undefined) {
        statement = text.slice(0, statementLimit)
        if (isDataChange(start)) noteUncounted(tables, query.schema)
      }
    }
  }
  const changes = { tables: [...tables.values()], ...(statement === undefined ? {} : { statement }) }
  return { changes, isNamed }
}

function addRows(
  tables: Map<string, MutableChanges>,
  maps: ReadonlyMap<number, TableMap>,
  event: BinlogEvent,
): void {
  const { kind, tableId } = decodeRows(event)
  const map = maps.get(tableId)
  if (map === undefined) return
  const changes = entry(tables, map.schema, map.table)
  const count = countRows(event, map)
  if (count === undefined) changes.isUncounted = true
  else changes[counterOf[kind]] += count
}

/** A change that was logged as a statement: which rows of which tables it met is not in the log. */
function noteUncounted(tables: Map<string, MutableChanges>, schema: string): void {
  if (schema !== '') entry(tables, schema, '').isUncounted = true
}

function entry(tables: Map<string, MutableChanges>, schema: string, table: string): MutableChanges {
  const key = `${schema}\0${table}`
  const known = tables.get(key)
  if (known !== undefined) return known
  const fresh = { schema, table, inserts: 0, updates: 0, deletes: 0, isUncounted: false }
  tables.set(key, fresh)
  return fresh
}
