// Which tables' definitions may have been changed in a stretch of archived log, as far as its DDL tells.
import { isUtf8 } from 'node:buffer'
import type { BinlogEvent } from '../binlog/binlog-event.ts'
import { eventType } from '../binlog/event-types.ts'
import { decodeQuery } from '../binlog/query-event.ts'
import { keepsColumns, statementStart } from '../binlog/statement-kind.ts'
import { namedTables } from '../binlog/statement-names.ts'
import { isHoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import { decodeTransactions } from '../core/segment-index.ts'
import type { Archive } from './archive.ts'
import { isAtOrAfter } from './binlog-order.ts'
import type { ArchivedSegment } from './read-segment.ts'

/** Transactions of one timeline that start at or behind `from` and before `until`. The archive has no gap in between. */
export interface Stretch {
  readonly timeline: string
  readonly from: BinlogPosition
  readonly until: BinlogPosition
}

interface Change {
  readonly place: BinlogPosition
  /** `schema.table`, and `schema.` for all of one, in lower case; undefined where it may be any. */
  readonly tables: ReadonlySet<string> | undefined
}

/** Reads the data of segments with DDL only, of each once. */
export class DefinitionChanges {
  readonly #archive: Archive
  readonly #segments: ReadonlyMap<string, readonly ArchivedSegment[]>
  readonly #changes = new Map<ArchivedSegment, Promise<readonly Change[]>>()
  readonly #signal: AbortSignal | undefined

  constructor(archive: Archive, signal?: AbortSignal) {
    this.#archive = archive
    this.#signal = signal
    const withDdl = archive.segments.filter(({ index }) => /[bf]/i.test(index.transactions.kinds))
    this.#segments = Map.groupBy(withDdl, ({ index }) => index.timeline)
  }

  /**
   * True unless nothing in the stretch can have changed the columns of the table. What was done without the log (sql_log_bin = 0) nobody knows.
   */
  async mayHaveChanged(schema: string, table: string, { timeline, from, until }: Stretch): Promise<boolean> {
    const [home, name] = [`${schema}.`.toLowerCase(), `${schema}.${table}`.toLowerCase()]
    for (const segment of this.#segments.get(timeline) ?? []) {
      const { file, start, end, transactions } = segment.index
      // Below 0: the first transaction starts before the segment that it ends in.
      const first = { file, offset: start + (transactions.skips[0] ?? 0) }
      if (!isAtOrAfter({ file, offset: end }, from) || isAtOrAfter(first, until)) continue
      const isChange = (await this.#changesOf(segment)).some(({ place, tables }) => {
        if (!isAtOrAfter(place, from) || isAtOrAfter(place, until)) return false
        return tables === undefined || tables.has(name) || tables.has(home)
      })
      if (isChange) return true
    }
    return false
  }

  #changesOf(segment: ArchivedSegment): Promise<readonly Change[]> {
    const known = this.#changes.get(segment) ?? this.#read(segment)
    this.#changes.set(segment, known)
    return known
  }

  async #read({ index }: ArchivedSegment): Promise<readonly Change[]> {
    const { timeline, file } = index
    const wanted = decodeTransactions(index).filter(({ kind }) => kind === 'ddl' || kind === 'incident')
    const places = new Map(wanted.map(({ start, kind }) => [start, kind]))
    const [first, last] = [wanted[0], wanted.at(-1)]
    if (first === undefined || last === undefined) return []
    const from = { file, offset: first.start }
    const until = { file, offset: last.end }
    const changes: Change[] = []
    try {
      for await (const found of this.#archive.readTransactions({
        timeline,
        from,
        until,
        signal: this.#signal,
      })) {
        const kind = places.get(found.start)
        if (kind === undefined) continue
        // What the source lost may have been a DDL.
        const tables = kind === 'incident' ? undefined : await changedTables(found.transaction.events)
        changes.push({ place: { file, offset: found.start }, tables })
      }
    } catch (error) {
      if (!(error instanceof MalformedDataError) && !isHoldfastError(error, 'VERIFY_FAILED', 'ARCHIVE_GAP'))
        throw error
      // That it cannot be read is for those to tell who are asked for it; here it may be anything.
      return wanted.map(({ start }) => ({ place: { file, offset: start }, tables: undefined }))
    }
    return changes
  }
}

async function changedTables(events: AsyncIterable<BinlogEvent>): Promise<ReadonlySet<string> | undefined> {
  const changed = new Set<string>()
  for await (const event of events) {
    const { type } = event.header
    if (type !== eventType.query && type !== eventType.queryCompressed) continue
    const { statement, schema } = decodeQuery(event)
    if (keepsColumns(statementStart(statement))) continue
    // Names in another character set cannot be compared.
    if (!isUtf8(statement)) return undefined
    for (const name of namedTables(statement.toString('utf8'), schema)) changed.add(name)
  }
  return changed
}
