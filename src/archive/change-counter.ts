// Counts the rows that transactions change by table and kind while their events come in, and reads such counts again.
import type { BinlogEvent } from '../binlog/binlog-event.ts'
import type { GroupStep } from '../binlog/event-group.ts'
import { eventHeaderBytes } from '../binlog/event-header.ts'
import { eventType } from '../binlog/event-types.ts'
import { decodeQuery } from '../binlog/query-event.ts'
import { countRows, decodeRows, isRowsEvent, type RowsKind } from '../binlog/rows-event.ts'
import { isTransactionControl, statementStart } from '../binlog/statement-kind.ts'
import { decodeTableMap, type TableMap } from '../binlog/table-map-event.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { ChangeColumns, SegmentIndex } from '../core/segment-index.ts'
import type { TableChanges } from './transaction-changes.ts'

type Counts = [inserts: number, updates: number, deletes: number]

const placeOf: Readonly<Record<RowsKind, 0 | 1 | 2>> = { insert: 0, update: 1, delete: 2 }

interface SeenTable {
  /** The event's body: the same bytes are the same table. */
  readonly bytes: Buffer
  readonly map: TableMap
  readonly number: number
}

/** Only the data tell. */
const unknown = '?'

/** Follows the events of one segment, each with its place in its transaction. */
export class ChangeCounter {
  readonly #numbers = new Map<string, number>()
  readonly #names: (readonly [string, string])[] = []
  readonly #entries: string[] = []
  readonly #seen = new Map<number, SeenTable>()
  /** Of the transaction under way, by number of table; undefined when it did something that these do not tell. */
  #counts: Map<number, Counts> | undefined

  push(event: BinlogEvent, { place, isFirst, isLast }: GroupStep): void {
    // Table numbers start again with each file.
    if (event.header.type === eventType.formatDescription) this.#seen.clear()
    if (place === 'outside') return
    if (isFirst) this.#counts = new Map()
    // What cannot be read is archived nevertheless.
    if (this.#counts !== undefined && !this.#count(event, this.#counts)) this.#counts = undefined
    if (!isLast) return
    this.#entries.push(this.#counts === undefined ? unknown : entryOf(this.#counts))
    this.#counts = undefined
  }

  columns(): ChangeColumns {
    return { tables: this.#names, rows: this.#entries.join(';') }
  }

  /** False for what is not told by rows of tables. */
  #count(event: BinlogEvent, counts: Map<number, Counts>): boolean {
    const { type } = event.header
    if (type === eventType.query || type === eventType.queryCompressed) return isControl(event)
    if (type === eventType.transactionPayload || type === eventType.incident) return false
    // LOAD DATA that was logged as a statement: what it puts into which table, no event tells.
    if (type === eventType.beginLoadQuery || type === eventType.executeLoadQuery) return false
    try {
      if (type === eventType.tableMap) this.#see(event)
      else if (isRowsEvent(event)) return this.#countRows(event, counts)
      return true
    } catch (error) {
      if (error instanceof MalformedDataError) return false
      throw error
    }
  }

  #countRows(event: BinlogEvent, counts: Map<number, Counts>): boolean {
    const { kind, tableId } = decodeRows(event)
    const table = this.#seen.get(tableId)
    const rows = table === undefined ? undefined : countRows(event, table.map)
    if (table === undefined || rows === undefined) return false
    const known = counts.get(table.number) ?? [0, 0, 0]
    known[placeOf[kind]] += rows
    counts.set(table.number, known)
    return true
  }

  /** Most table maps come again and again, and need not be read then. */
  #see(event: BinlogEvent): void {
    const tail = event.format.checksum === 'crc32' && !event.isPacked ? 4 : 0
    const bytes = event.bytes.subarray(eventHeaderBytes, event.bytes.length - tail)
    // The table's number is in the first bytes of the event, 6 in all that servers write today.
    const id = bytes.length < 6 ? -1 : bytes.readUIntLE(0, 6)
    if (this.#seen.get(id)?.bytes.equals(bytes) === true) return
    const map = decodeTableMap(event)
    this.#seen.set(map.tableId, { bytes: Buffer.from(bytes), map, number: this.#numberOf(map) })
  }

  #numberOf({ schema, table }: TableMap): number {
    const key = `${schema}\0${table}`
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.#names.push([schema, table]) - 1
      this.#numbers.set(key, number)
    }
    return number
  }
}

function entryOf(counts: ReadonlyMap<number, Counts>): string {
  return [...counts].map(([number, rows]) => `${number},${rows.join(',')}`).join(' ')
}

const begin = Buffer.from('\0BEGIN')

/** BEGIN and the like; nearly all that are in a log of rows are BEGIN itself, told without reading the event. */
function isControl(event: BinlogEvent): boolean {
  const { bytes, format } = event
  const end = bytes.length - (format.checksum === 'crc32' ? 4 : 0)
  if (end > begin.length && bytes.subarray(end - begin.length, end).equals(begin)) return true
  try {
    return isTransactionControl(statementStart(decodeQuery(event).statement))
  } catch (error) {
    if (error instanceof MalformedDataError) return false
    throw error
  }
}

/** The changes of each transaction of a segment by its number in it; undefined where only the data tell. */
export function changesInIndex({ transactions }: Pick<SegmentIndex, 'transactions'>) {
  const { changes, kinds } = transactions
  const entries = changes?.rows.split(';')
  return (i: number): readonly TableChanges[] | undefined => {
    if (changes === undefined || entries?.length !== kinds.length) return undefined
    const entry = entries[i] ?? unknown
    if (entry === unknown) return undefined
    return entry === '' ? [] : entry.split(' ').map((part) => tableChanges(changes, part))
  }
}

function tableChanges({ tables }: ChangeColumns, part: string): TableChanges {
  const [number = 0, inserts = 0, updates = 0, deletes = 0] = part.split(',').map(Number)
  const [schema, table] = tables[number] ?? ['', '']
  return { schema, table, inserts, updates, deletes, isUncounted: false }
}
