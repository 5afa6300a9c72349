// Of archived transactions only what changes the rows of some tables, as long as that is all that matters to them.
import type { BinlogEvent } from '../binlog/binlog-event.ts'
import { eventType, eventTypeName } from '../binlog/event-types.ts'
import { decodeQuery } from '../binlog/query-event.ts'
import { decodeRows, isRowsEvent } from '../binlog/rows-event.ts'
import { isTransactionControl, statementStart } from '../binlog/statement-kind.ts'
import { statementNames } from '../binlog/statement-names.ts'
import { decodeTableMap } from '../binlog/table-map-event.ts'
import { unpacked } from '../binlog/transaction.ts'
import { HoldfastError } from '../core/errors.ts'
import type { ArchivedTransaction } from './apply/replay-failure.ts'

export interface ReplayedTables {
  readonly tables: readonly { readonly schema: string; readonly name: string }[]
  /** Others whose names stand in the definitions of these: a statement that names one may change either. */
  readonly named: readonly string[]
  /** Names are alike whatever their case (lower_case_table_names). */
  readonly isFolded: boolean
}

/**
 * Transactions that do not touch the tables are left out whole. Rows come without a look at foreign keys: the source has looked, and the
 * tables at the other ends are not replayed.
 *
 * Throws UNSUPPORTED where a statement may change more than can be told from here: any that names one of the tables, or drops something
 * without naming its table; rows that were logged as statements; XA. Only all tables together can be replayed then.
 */
export async function* transactionsOfTables(
  archived: AsyncIterable<ArchivedTransaction>,
  wanted: ReplayedTables,
): AsyncGenerator<ArchivedTransaction> {
  const filter = new TableFilter(wanted)
  for await (const each of archived) {
    const events = filter.keep(each.transaction.events)
    const before: BinlogEvent[] = []
    for (let next = await events.next(); next.done !== true; next = await events.next()) {
      before.push(next.value)
      if (!isRowsEvent(next.value)) continue
      yield { ...each, transaction: { ...each.transaction, events: chain(before, events) } }
      break
    }
  }
}

async function* chain(
  before: readonly BinlogEvent[],
  rest: AsyncIterable<BinlogEvent>,
): AsyncGenerator<BinlogEvent> {
  yield* before
  yield* rest
}

class TableFilter {
  readonly #tables: ReadonlySet<string>
  readonly #named: ReadonlySet<string>
  readonly #schemas: ReadonlySet<string>
  readonly #isFolded: boolean

  constructor({ tables, named, isFolded }: ReplayedTables) {
    this.#isFolded = isFolded
    this.#tables = new Set(tables.map(({ schema, name }) => this.#keyOf(schema, name)))
    this.#named = lowerCased([...named, ...tables.map(({ name }) => name)])
    this.#schemas = lowerCased(tables.map(({ schema }) => schema))
  }

  /** Of one transaction. Rows of other tables go, with their maps; the last that stay of a statement end it. */
  async *keep(events: AsyncIterable<BinlogEvent>): AsyncGenerator<BinlogEvent> {
    const kept = new Set<number>()
    let held: BinlogEvent | undefined
    for await (const event of unpacked(events)) {
      if (isRowsEvent(event)) {
        const { tableId, endsStatement } = decodeRows(event)
        if (kept.has(tableId)) {
          if (held !== undefined) yield held
          held = withFlags(event, noForeignKeyChecks)
        } else if (endsStatement && held !== undefined) {
          yield withFlags(held, statementEnd)
          held = undefined
        }
        continue
      }
      if (held !== undefined) yield held
      held = undefined
      if (event.header.type === eventType.tableMap) {
        const { tableId, schema, table } = decodeTableMap(event)
        if (this.#tables.has(this.#keyOf(schema, table))) kept.add(tableId)
        // Numbers are used again.
        else kept.delete(tableId)
        if (kept.has(tableId)) yield event
      } else if (this.#isKept(event)) yield event
    }
    if (held !== undefined) yield held
  }

  #isKept(event: BinlogEvent): boolean {
    const { type } = event.header
    if (beyondRows.has(type)) throw beyond(eventTypeName(type))
    if (type !== eventType.query && type !== eventType.queryCompressed) return true
    const { statement } = decodeQuery(event)
    const start = statementStart(statement)
    if (start.startsWith('XA')) throw beyond('XA')
    if (isTransactionControl(start)) return true
    if (withoutRows.test(start)) return false
    if (!aboutDefinitions.test(start) || start.startsWith('DROP TRIGGER')) throw beyond(start.slice(0, 40))
    for (const names of statementNames(statement.toString('utf8'))) {
      const name = names.at(-1)?.toLowerCase() ?? ''
      // Alone it may be that of a schema.
      if (this.#named.has(name) || (names.length === 1 && this.#schemas.has(name)))
        throw beyond(statement.toString('utf8', 0, 80))
    }
    return false
  }

  #keyOf(schema: string, name: string): string {
    const key = `${schema}\0${name}`
    return this.#isFolded ? key.toLowerCase() : key
  }
}

/** Statements that change no rows of other tables than those they name. */
const aboutDefinitions = /^(?:CREATE|ALTER|DROP|RENAME|TRUNCATE|REPAIR)\b/

/** Statements about accounts, statistics and caches, whatever they name. */
const withoutRows =
  /^(?:GRANT|REVOKE|ANALYZE|OPTIMIZE|FLUSH|SET PASSWORD|SET DEFAULT ROLE|(?:CREATE|ALTER|DROP|RENAME) (?:USER|ROLE))\b/

function lowerCased(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.toLowerCase()))
}

const beyondRows: ReadonlySet<number> = new Set([
  eventType.intvar,
  eventType.rand,
  eventType.userVar,
  eventType.xaPrepare,
  eventType.incident,
])

/** Flags of Rows_log_event: STMT_END_F and NO_FOREIGN_KEY_CHECKS_F. They follow the header of 19 bytes and the table id of 6. */
const statementEnd = 1
const noForeignKeyChecks = 2
const rowsFlagsOffset = 25

function withFlags(event: BinlogEvent, flags: number): BinlogEvent {
  const bytes = Buffer.from(event.bytes)
  bytes.writeUInt16LE(bytes.readUInt16LE(rowsFlagsOffset) | flags, rowsFlagsOffset)
  return { ...event, bytes }
}

function beyond(why: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `what is logged may change more of the chosen tables than rows that are logged: ${why}`,
  )
}
