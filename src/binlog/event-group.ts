// Where transactions start and end in a file: the only places where a log may be cut or a replay may stop.
import { formatMariadbGtid } from '../core/gtid-position.ts'
import { formatMysqlGtid } from '../core/gtid-set.ts'
import type { OpenTransaction, TransactionKind } from '../core/segment-index.ts'
import type { BinlogEvent } from './binlog-event.ts'
import { decodeIncident } from './control-events.ts'
import { eventType } from './event-types.ts'
import { decodeMariadbGtid } from './mariadb-gtid-event.ts'
import { decodeMysqlGtid } from './mysql-gtid-event.ts'
import { decodeQuery } from './query-event.ts'
import { isRowsEvent } from './rows-event.ts'
import { isDataChange, statementStart } from './statement-kind.ts'

export interface EventGroup {
  /** Where its first event starts in the file. */
  readonly start: number
  /** `uuid:number`, `uuid:tag:number` or `domain-server-sequence`; undefined where the source uses none. */
  readonly gtid: string | undefined
  /** The opening event's header: seconds since 1970, at commit, but a client may set it. */
  readonly headerSeconds: number
  /** MySQL 8.0 and newer: commit on this source, microseconds since 1970; no client can set it. */
  readonly commitMicros: number | undefined
  /** What is known up to here; final once the group has ended. */
  readonly kind: TransactionKind
  /** A change of data was logged as a statement rather than as rows. */
  readonly hasStatements: boolean
  /** The source's words, for an incident. */
  readonly incident: string | undefined
}

/** Where an event stands. `outside`: it belongs to the file, not to a transaction. */
export interface GroupStep {
  readonly place: 'outside' | 'inside'
  readonly isFirst: boolean
  readonly isLast: boolean
}

const outside: GroupStep = { place: 'outside', isFirst: false, isLast: false }

type MutableGroup = { -readonly [K in keyof EventGroup]: EventGroup[K] } & {
  /** Where the source says that the group ends. */
  endsAt: number | undefined
  /** The group ends with the next event that does something, rather than with a commit. */
  isStandalone: boolean
}

/** Follows the events of one file, in order. Decodes only what opens or ends a group. */
export class GroupTracker {
  #group: MutableGroup | undefined
  #isOpen: boolean

  /** Starts within a transaction when one is given. */
  constructor(open?: OpenTransaction) {
    this.#isOpen = open !== undefined
    if (open !== undefined) this.#group = { ...noGroup, ...open }
  }

  /** The group that has begun and not ended, to go on with later. */
  get open(): OpenTransaction | undefined {
    const group = this.#group
    if (!this.#isOpen || group === undefined) return undefined
    const { start, gtid, headerSeconds, commitMicros, kind, hasStatements, endsAt, isStandalone } = group
    return {
      start,
      headerSeconds,
      kind,
      hasStatements,
      isStandalone,
      ...(gtid === undefined ? {} : { gtid }),
      ...(commitMicros === undefined ? {} : { commitMicros }),
      ...(endsAt === undefined ? {} : { endsAt }),
    }
  }

  /** The group of the event pushed last; undefined when that stood outside of any. */
  get group(): EventGroup | undefined {
    return this.#group
  }

  /** True while the next event belongs to a group that has begun: no place to cut. */
  get isInGroup(): boolean {
    return this.#isOpen
  }

  /** Throws MalformedDataError where an event that opens or ends a group cannot be read. */
  push(event: BinlogEvent): GroupStep {
    const { type } = event.header
    if (opensGroup(type)) {
      this.#group = openGroup(event)
      this.#isOpen = true
      return { place: 'inside', isFirst: true, isLast: this.#close(event, false) }
    }
    let isFirst = false
    if (!this.#isOpen) {
      this.#group = undefined
      if (!belongsToGroup(event)) return outside
      // Logs without GTID events: the group starts with what it does.
      this.#group = emptyGroup(event)
      isFirst = true
      this.#isOpen = true
    } else if (breaksOffGroup(event)) {
      // The source crashed in the middle of a transaction, and the log goes on without its end.
      this.#isOpen = false
      this.#group = undefined
      return outside
    }
    const group = this.#group
    if (group === undefined) return outside
    return { place: 'inside', isFirst, isLast: this.#close(event, endsGroup(event, group)) }
  }

  /** The length that the source wrote decides where there is one; else what the event is. */
  #close(event: BinlogEvent, seemsLast: boolean): boolean {
    const endsAt = this.#group?.endsAt
    const isLast = endsAt === undefined ? seemsLast : event.offset + event.header.length >= endsAt
    this.#isOpen = !isLast
    return isLast
  }
}

function opensGroup(type: number): boolean {
  return (
    type === eventType.gtid ||
    type === eventType.anonymousGtid ||
    type === eventType.gtidTagged ||
    type === eventType.mariadbGtid
  )
}

const fileEvents: ReadonlySet<number> = new Set([
  eventType.formatDescription,
  eventType.rotate,
  eventType.stop,
  eventType.previousGtids,
  eventType.gtidList,
  eventType.startEncryption,
])

/** True for events that never stand within a group unless they open it. MariaDB's checkpoints may stand there. */
export function breaksOffGroup(event: BinlogEvent): boolean {
  return fileEvents.has(event.header.type) || opensGroup(event.header.type)
}

const statementEvents: ReadonlySet<number> = new Set([
  eventType.query,
  eventType.queryCompressed,
  eventType.intvar,
  eventType.rand,
  eventType.userVar,
  eventType.rowsQuery,
  eventType.annotateRows,
  eventType.tableMap,
  eventType.xid,
  eventType.transactionPayload,
  eventType.incident,
])

function belongsToGroup(event: BinlogEvent): boolean {
  return statementEvents.has(event.header.type) || isRowsEvent(event)
}

const noGroup: Omit<MutableGroup, 'start' | 'headerSeconds'> = {
  gtid: undefined,
  commitMicros: undefined,
  kind: 'dml',
  hasStatements: false,
  incident: undefined,
  endsAt: undefined,
  isStandalone: false,
}

function emptyGroup(event: BinlogEvent): MutableGroup {
  return { ...noGroup, start: event.offset, headerSeconds: event.header.timestamp }
}

function openGroup(event: BinlogEvent): MutableGroup {
  const group = emptyGroup(event)
  if (event.header.type === eventType.mariadbGtid) {
    const { gtid, isStandalone, isDdl, isXaPrepare, isXaComplete } = decodeMariadbGtid(event)
    group.gtid = formatMariadbGtid(gtid)
    group.isStandalone = isStandalone
    group.kind = isXaPrepare ? 'xa-prepare' : isXaComplete ? 'xa-commit' : isDdl ? 'ddl' : 'dml'
    return group
  }
  const { gtid, commitMicros, transactionBytes } = decodeMysqlGtid(event)
  group.gtid = gtid === undefined ? undefined : formatMysqlGtid(gtid)
  group.commitMicros = commitMicros
  if (transactionBytes !== undefined && transactionBytes > 0) group.endsAt = event.offset + transactionBytes
  // Unless a BEGIN follows, a group of MySQL is one statement.
  group.isStandalone = true
  return group
}

/** Looks at an event within a group, and notes in the group what it tells. Answers whether it seems to be the last. */
function endsGroup(event: BinlogEvent, group: MutableGroup): boolean {
  switch (event.header.type) {
    case eventType.xid:
    case eventType.transactionPayload:
      return true
    case eventType.xaPrepare:
      // XA COMMIT … ONE PHASE ends with this event too, and is a commit: the first byte says so.
      group.kind = event.bytes[19] === 1 ? 'dml' : 'xa-prepare'
      return true
    case eventType.incident:
      group.kind = 'incident'
      group.incident = decodeIncident(event)
      return true
    case eventType.query:
    case eventType.queryCompressed:
      return endsWithStatement(event, group)
    default:
      return false
  }
}

function endsWithStatement(event: BinlogEvent, group: MutableGroup): boolean {
  const { statement } = decodeQuery(event)
  const start = statementStart(statement)
  if (start === 'BEGIN' || start.startsWith('XA START ')) {
    group.isStandalone = false
    if (start !== 'BEGIN') group.kind = 'xa-prepare'
    return false
  }
  if (start === 'COMMIT' || start === 'ROLLBACK') return true
  if (start.startsWith('XA COMMIT ')) group.kind = 'xa-commit'
  else if (start.startsWith('XA ROLLBACK ')) group.kind = 'xa-rollback'
  else if (isDataChange(start)) group.hasStatements = true
  else if (group.isStandalone) group.kind = 'ddl'
  // CREATE TABLE … SELECT: the statement stands before the rows, within their transaction.
  if (!group.isStandalone && start.startsWith('CREATE ')) group.kind = 'ddl'
  // Without a BEGIN before it, CREATE TABLE … SELECT is logged since MySQL 8.0.21 as one transaction: the table, its rows, a commit.
  if (group.isStandalone && statement.toString('latin1').endsWith(' START TRANSACTION')) {
    group.isStandalone = false
  }
  return group.isStandalone
}
