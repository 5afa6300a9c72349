// What differs between the flavours when transactions are applied as SQL.
import type { BinlogEvent } from '../../binlog/binlog-event.ts'
import type { EventGroup } from '../../binlog/event-group.ts'
import type { QueryEvent } from '../../binlog/query-event.ts'
import type { Collations } from './collations.ts'
import type { SettingValues } from './session-settings.ts'

/** How the transaction to come is opened. */
export interface Opening {
  /** `SET …`: gives it its identity. Fails when `@holdfast_applied` is not `applied`: a transaction before it has failed. */
  readonly claim: string
  /** What opens the transaction itself, when no statement in the log does. */
  readonly begin?: string
}

export interface Dialect {
  /** CREATE TABLE … SELECT is logged as one transaction, but its CREATE TABLE ends it when it is run: it is opened again. */
  readonly reopensAfterDdl: boolean
  /** Run before a format description is given to the server. */
  readonly beforeFormat: readonly string[]
  /** Set before each transaction, as a statement may need another value. */
  readonly autocommit: '0' | '1'
  /** Session variables that hold for the whole replay. */
  readonly sessionStart: SettingValues
  /** `opener` is the event that opens the group: a GTID event, or what comes first where there are none. */
  open(group: EventGroup, opener: BinlogEvent, applied: number): Opening
  /** The session that rows were logged in, as far as it matters for applying them. */
  rowSettings(query: QueryEvent): SettingValues
  /** The session that a statement was run in. */
  statementSettings(query: QueryEvent, event: BinlogEvent, collations: Collations): SettingValues
  /** True when the statement is only the announcement of one that comes again: it is not run. */
  isAnnouncement(query: QueryEvent): boolean
  /** Run inside of the transaction: keeps how far the replay has come, where the server does not do so by itself. */
  mark(group: EventGroup): readonly string[]
}
