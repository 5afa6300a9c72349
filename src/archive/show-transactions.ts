// What transactions in the archive did, change by change: values of rows, and statements.

import type { BinlogEvent } from '../binlog/binlog-event.ts'
import { textIn } from '../binlog/character-sets.ts'
import { type ColumnFacts, columnFacts } from '../binlog/column-facts.ts'
import { decodeRowsStatement } from '../binlog/control-events.ts'
import { eventType } from '../binlog/event-types.ts'
import { type LoggedRow, loggedRows } from '../binlog/logged-rows.ts'
import { decodeQuery } from '../binlog/query-event.ts'
import { countRows, decodeRows, isRowsEvent, type RowsKind } from '../binlog/rows-event.ts'
import { statementStart } from '../binlog/statement-kind.ts'
import { namesTable } from '../binlog/statement-names.ts'
import { decodeTableMap, type TableMap } from '../binlog/table-map-event.ts'
import { unpacked } from '../binlog/transaction.ts'
import type { Flavour } from '../core/flavour.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { SegmentTransaction } from '../core/segment-index.ts'
import type { Archive } from './archive.ts'
import { isAtOrAfter } from './binlog-order.ts'
import { type ChangeKind, candidatesOf, type FindFilter } from './find-transactions.ts'

export interface ShowFilter extends Omit<FindFilter, 'minRows'> {
  /** Transactions that start here or behind, and before. */
  readonly from?: BinlogPosition | undefined
  readonly to?: BinlogPosition | undefined
}

/** What somebody else knows of a table's columns, where the log leaves something out. */
export type KnownColumns = (map: TableMap, change: ShownTransaction) => Promise<DefinedColumns | undefined>

export interface DefinedColumns {
  readonly facts: readonly ColumnFacts[]
  /** The backup that they are from. */
  readonly backup: string
}

export interface ShownTransaction extends SegmentTransaction {
  readonly timeline: string
  readonly file: string
}

export interface ShownColumn {
  /** `@1` and so on where nobody knows its name. */
  readonly name: string
  readonly facts: ColumnFacts
}

export interface ShownTable {
  readonly schema: string
  readonly table: string
  readonly columns: readonly ShownColumn[]
  /** Where the names are from: the log, a backup's definition of the table, or nowhere. */
  readonly names: 'log' | 'backup' | 'unknown'
  readonly backup?: string
}

export type ShownChange =
  | { readonly kind: RowsKind; readonly table: ShownTable; readonly row: LoggedRow }
  /** The values of its rows cannot be read: a type of column is not known here. */
  | {
      readonly kind: 'unread'
      readonly table: ShownTable
      readonly change: RowsKind
      readonly rows: number | undefined
    }
  | { readonly kind: 'statement'; readonly schema: string; readonly statement: string }
  /** The statement that the rows after it came from. It changed nothing more than they tell. */
  | { readonly kind: 'origin'; readonly statement: string }

/**
 * In the order of the log: each transaction that fits, and its changes that fit, to be read in turn. A transaction without such a change
 * is left out. Throws VERIFY_FAILED, ARCHIVE_GAP.
 */
export async function* showTransactions(
  archive: Archive,
  filter: ShowFilter,
  known: KnownColumns,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly transaction: ShownTransaction; readonly changes: AsyncIterable<ShownChange> }> {
  for (const segment of archive.segments) {
    const { timeline, file } = segment.index
    const candidates = candidatesOf(segment, filter)
      .map(({ transaction }) => transaction)
      .filter(({ start }) => isWithin({ file, offset: start }, filter))
    const first = candidates[0]
    const last = candidates.at(-1)
    if (first === undefined || last === undefined) continue
    const starts = new Set(candidates.map(({ start }) => start))
    const from = { file, offset: first.start }
    const until = { file, offset: last.end }
    for await (const found of archive.readTransactions({ timeline, from, until, signal })) {
      if (!starts.has(found.start)) continue
      const { transaction, ...facts } = found
      const changes = changesOf(unpacked(transaction.events), facts, filter, known)
      const iterator = changes[Symbol.asyncIterator]()
      const one = await iterator.next()
      if (one.done !== true) yield { transaction: facts, changes: withFirst(one.value, iterator) }
      // A transaction that changed nothing, such as an XA COMMIT, is something in itself.
      else if (!isNarrowed(filter)) yield { transaction: facts, changes: none() }
    }
  }
}

function isNarrowed({ table, kind }: ShowFilter): boolean {
  return table !== undefined || kind !== undefined
}

function isWithin(position: BinlogPosition, { from, to }: ShowFilter): boolean {
  if (from !== undefined && !isAtOrAfter(position, from)) return false
  return to === undefined || !isAtOrAfter(position, to)
}

async function* withFirst<T>(first: T, rest: AsyncIterator<T>): AsyncGenerator<T> {
  yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

async function* none(): AsyncGenerator<never> {}

async function* changesOf(
  events: AsyncIterable<BinlogEvent>,
  transaction: ShownTransaction,
  filter: ShowFilter,
  known: KnownColumns,
): AsyncGenerator<ShownChange> {
  const tables = new Map<number, { readonly map: TableMap; readonly shown: ShownTable }>()
  let origin: string | undefined
  for await (const event of events) {
    const { type } = event.header
    if (type === eventType.tableMap) {
      const map = decodeTableMap(event)
      if (isAskedFor(filter.table, map))
        tables.set(map.tableId, {
          map,
          shown: await shownTable(map, event.format.flavour, transaction, known),
        })
      else tables.delete(map.tableId)
    } else if (type === eventType.rowsQuery || type === eventType.annotateRows) {
      origin = textOf(decodeRowsStatement(event))
    } else if (isRowsEvent(event)) {
      const { kind, tableId } = decodeRows(event)
      const table = tables.get(tableId)
      if (table === undefined || (filter.kind !== undefined && filter.kind !== kind)) continue
      if (origin !== undefined) yield { kind: 'origin', statement: origin }
      origin = undefined
      yield* rowsOf(event, kind, table.map, table.shown)
    } else if (type === eventType.query || type === eventType.queryCompressed) {
      const change = shownStatement(event, filter)
      if (change !== undefined) yield change
    }
  }
}

function* rowsOf(
  event: BinlogEvent,
  kind: RowsKind,
  map: TableMap,
  table: ShownTable,
): Generator<ShownChange> {
  const rows = loggedRows(
    event,
    map,
    table.columns.map(({ facts }) => facts),
  )
  if (rows === undefined) yield { kind: 'unread', table, change: kind, rows: countRows(event, map) }
  else for (const row of rows) yield { kind, table, row }
}

function shownStatement(event: BinlogEvent, { table, kind }: ShowFilter): ShownChange | undefined {
  const { statement: bytes, schema } = decodeQuery(event)
  const start = statementStart(bytes)
  // What only opens and ends a transaction is told by the transaction itself.
  if (/^(?:BEGIN|COMMIT)\b/.test(start) || !isKind(start, kind)) return undefined
  const statement = textOf(bytes)
  if (table !== undefined && !namesTable(statement, schema, table)) return undefined
  return { kind: 'statement', schema, statement }
}

const startsOfKind: Readonly<Record<Exclude<ChangeKind, 'ddl'>, RegExp>> = {
  insert: /^(?:INSERT|REPLACE|LOAD)\b/,
  update: /^UPDATE\b/,
  delete: /^DELETE\b/,
}

const changesOfRows = /^(?:INSERT|REPLACE|LOAD|UPDATE|DELETE|WITH|SAVEPOINT|ROLLBACK|RELEASE|XA)\b/

function isKind(start: string, kind: ChangeKind | undefined): boolean {
  if (kind === undefined) return true
  return kind === 'ddl' ? !changesOfRows.test(start) : startsOfKind[kind].test(start)
}

function isAskedFor(wanted: string | undefined, { schema, table }: TableMap): boolean {
  return wanted === undefined || wanted === schema || wanted === `${schema}.${table}`
}

async function shownTable(
  map: TableMap,
  flavour: Flavour,
  transaction: ShownTransaction,
  known: KnownColumns,
): Promise<ShownTable> {
  const logged = columnFacts(map, flavour)
  const lacks = logged.some(({ name }) => name === undefined)
  const found = lacks ? await known(map, transaction) : undefined
  const defined = found !== undefined && agrees(found.facts, logged) ? found : undefined
  const columns = Array.from({ length: map.columns === undefined ? 0 : map.columnCount }, (_, i) => {
    const facts = { ...defined?.facts[i], ...definite(logged[i] ?? {}) }
    return { name: facts.name ?? `@${i + 1}`, facts }
  })
  return {
    schema: map.schema,
    table: map.table,
    columns,
    names: !lacks ? 'log' : defined === undefined ? 'unknown' : 'backup',
    ...(defined === undefined ? {} : { backup: defined.backup }),
  }
}

/** False where the log contradicts: the definition is of another table than the one that was written to. */
function agrees(defined: readonly ColumnFacts[], logged: readonly ColumnFacts[]): boolean {
  return logged.every(({ isUnsigned }, i) => {
    const other = defined[i]?.isUnsigned
    return isUnsigned === undefined || other === undefined || isUnsigned === other
  })
}

/** Without what is undefined, so that it hides nothing. */
function definite(facts: ColumnFacts): ColumnFacts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

/** Statements are in the client's character set, which nearly always is UTF-8; latin1 gives each byte a character of its own. */
function textOf(bytes: Buffer): string {
  return textIn('utf8mb4', bytes) ?? bytes.toString('latin1')
}
