// Turns an archived transaction into texts for the target: few and long ones, in an order in which nothing can half happen.
import { type BinlogEvent, eventBody } from '../../binlog/binlog-event.ts'
import { decodeIncident } from '../../binlog/control-events.ts'
import { eventFlag, eventType, eventTypeName } from '../../binlog/event-types.ts'
import { decodeQuery, type QueryEvent } from '../../binlog/query-event.ts'
import { isRowsEvent } from '../../binlog/rows-event.ts'
import { decodeIntvar, decodeRand, decodeUserVariable } from '../../binlog/session-value-events.ts'
import { statementStart } from '../../binlog/statement-kind.ts'
import { type Transaction, unpacked } from '../../binlog/transaction.ts'
import { HoldfastError } from '../../core/errors.ts'
import { quoteIdentifier } from '../../wire/quote.ts'
import type { Statement } from '../../wire/statement.ts'
import { bareEvent, binlogStatement, endingStatement, endsStatement } from './binlog-text.ts'
import type { Collations } from './collations.ts'
import type { Dialect } from './dialect.ts'
import { plainRows } from './plain-rows.ts'
import type { SessionSettings, SettingValues } from './session-settings.ts'
import { userVariableAssignment } from './value-literals.ts'
import { formatXid } from './xid.ts'

/** Where the texts go. */
export interface ScriptSink {
  /** Sends a text of `answers` statements behind the others, without waiting for them. */
  send(text: string, answers: number): Promise<void>
  /** Waits until all that was sent has succeeded. */
  settle(): Promise<void>
  /** Waits as `settle` does and executes one statement. False when it failed with one of the `tolerated` errors. */
  execute(statement: Statement, tolerated: ReadonlySet<number>): Promise<boolean>
}

export interface ScriptContext {
  readonly sink: ScriptSink
  readonly dialect: Dialect
  readonly collations: Collations
  /** Names of the session variables that the target has. */
  readonly variables: ReadonlySet<string>
  readonly settings: SessionSettings
  /** Server errors that mean "was done already", for the one transaction of which nobody knows whether it was. */
  readonly tolerated: ReadonlySet<number>
  /** The same for XA transactions: those that are prepared already. */
  readonly preparedXids: ReadonlySet<string>
}

// Rows of a large transaction go in pieces of this size: large enough that a BINLOG's own cost does not count, small enough
// for the least max_allowed_packet in use (4 MiB with older clients' defaults): 1 MiB is 1.33 MiB in base64.
const pieceBytes = 1 << 20

/** ER_BAD_DB_ERROR */
const unknownDatabase = new Set([1049])

/**
 * Applies one transaction. `applied` is how many this session has applied before; the target's `@holdfast_applied` says the same,
 * and the first text of each transaction fails when it does not: what was sent behind a failed transaction can never be applied.
 *
 * A small transaction is one text, of which the server stops at the first error. A large one is sent in pieces, and its end only
 * when all of them have succeeded. A statement is executed alone.
 */
export async function runTransaction(
  { group, events }: Transaction,
  applied: number,
  context: ScriptContext,
): Promise<void> {
  const script = new TransactionScript(group, applied, context)
  let isFirst = true
  for await (const event of unpacked(events)) {
    if (isFirst) script.open(event)
    isFirst = false
    await script.push(event)
  }
  await script.end()
}

class TransactionScript {
  readonly #group: Transaction['group']
  readonly #applied: number
  readonly #context: ScriptContext
  #opener: BinlogEvent | undefined
  /** Statements that have not been sent yet. */
  #texts: string[] = []
  /** What opens the transaction, held back until something is done in it: some settings cannot be changed inside of one. */
  #begin: string | undefined
  /** Rows that are no statement yet. */
  #rows: Buffer[] = []
  #rowsBytes = 0
  /** Table maps of the statement whose rows are being gathered: each piece of them needs these. */
  #maps: Buffer[] = []
  #isInTransaction = false
  /** Something has been sent, and its end must wait for the success of all of it. */
  #isUnderWay = false
  #isEnded = false
  /** An XA transaction that is prepared on the target already: only its mark is missing. */
  #isPrepared = false
  /** SET clauses for the statement to come. */
  #prefix: string[] = []

  constructor(group: Transaction['group'], applied: number, context: ScriptContext) {
    this.#group = group
    this.#applied = applied
    this.#context = context
  }

  open(event: BinlogEvent): void {
    const { claim, begin } = this.#context.dialect.open(this.#group, event, this.#applied)
    this.#opener = event
    this.#set({ autocommit: this.#context.dialect.autocommit })
    this.#texts.push(claim)
    if (begin === undefined) return
    if (begin.startsWith(xaStart) && this.#context.preparedXids.has(begin.slice(xaStart.length)))
      this.#isPrepared = true
    else this.#enter(begin)
  }

  async push(event: BinlogEvent): Promise<void> {
    const { type, flags } = event.header
    if (this.#isPrepared) return
    if (isRowsEvent(event)) return this.#pushRows(plainRows(event) ?? bareEvent(event))
    switch (type) {
      case eventType.tableMap: {
        const map = bareEvent(event)
        this.#maps.push(map)
        return this.#addToPiece(map)
      }
      case eventType.query:
      case eventType.queryCompressed:
        return this.#pushQuery(event)
      case eventType.xid:
        return this.#finish('COMMIT')
      case eventType.xaPrepare:
        return this.#finish(xaEnd(event))
      case eventType.intvar: {
        const { kind, value } = decodeIntvar(event)
        this.#prefix.push(`${kind === 'insert-id' ? 'insert_id' : 'last_insert_id'}=${value}`)
        return
      }
      case eventType.rand: {
        const { seed1, seed2 } = decodeRand(event)
        this.#prefix.push(`rand_seed1=${seed1},rand_seed2=${seed2}`)
        return
      }
      case eventType.userVar:
        this.#prefix.push(userVariableAssignment(decodeUserVariable(event), this.#context.collations))
        return
      case eventType.incident:
        throw new HoldfastError('BINLOG_INCIDENT', `the source lost events itself: ${decodeIncident(event)}`)
      default:
        if (withoutEffect.has(type) || (flags & eventFlag.ignorable) !== 0) return
        throw new HoldfastError('UNSUPPORTED', `events of type ${eventTypeName(type)} cannot be replayed`, {
          type,
        })
    }
  }

  /** A statement of its own has nothing in the log that ends it. */
  async end(): Promise<void> {
    if (!this.#isEnded) await this.#finish(this.#isInTransaction ? 'COMMIT' : undefined)
  }

  #enter(begin: string): void {
    this.#isInTransaction = true
    this.#begin = begin
  }

  /** Adds a statement that does something. */
  #add(text: string): void {
    if (this.#begin !== undefined) this.#texts.push(this.#begin)
    this.#begin = undefined
    this.#texts.push(text)
  }

  async #pushRows(rows: Buffer): Promise<void> {
    const isEnd = endsStatement(rows)
    const isFull = this.#rowsBytes + rows.length >= pieceBytes
    this.#addToPiece(isFull && !isEnd ? endingStatement(rows) : rows)
    if (isFull) {
      this.#closeRows()
      await this.#sendFirst()
      if (!isEnd) for (const map of this.#maps) this.#addToPiece(map)
    }
    if (isEnd) this.#maps = []
  }

  #addToPiece(event: Buffer): void {
    this.#rows.push(event)
    this.#rowsBytes += event.length
  }

  #closeRows(): void {
    if (this.#rows.length > 0) this.#add(binlogStatement(this.#rows))
    this.#rows = []
    this.#rowsBytes = 0
  }

  /** Sends what there is. The first time it waits: behind a transaction that could not be opened, rows would be applied bare. */
  async #sendFirst(): Promise<void> {
    await this.#send()
    // Without a GTID nothing but waiting keeps a later piece from being applied where an earlier one has failed.
    if (!this.#isUnderWay || this.#group.gtid === undefined) await this.#context.sink.settle()
    this.#isUnderWay = true
  }

  async #send(): Promise<void> {
    const texts = this.#texts
    this.#texts = []
    if (texts.length > 0) await this.#context.sink.send(texts.join(';'), texts.length)
  }

  async #pushQuery(event: BinlogEvent): Promise<void> {
    const query = decodeQuery(event)
    const start = statementStart(query.statement)
    if (start === 'BEGIN') {
      this.#set(this.#context.dialect.rowSettings(query))
      return this.#enter('START TRANSACTION')
    }
    if (start === 'COMMIT' || start === 'ROLLBACK') return this.#finish(start)
    if (start.startsWith('XA START ')) return this.#enter(query.statement.toString('latin1'))
    if (!isPlain(query.statement)) return this.#execute(query, event)
    this.#closeRows()
    this.#add(query.statement.toString('latin1'))
  }

  /** A statement is executed alone: it may be long, in any character set, and expected to fail as it did on the source. */
  async #execute(query: QueryEvent, event: BinlogEvent): Promise<void> {
    const { sink, dialect, collations, settings, tolerated } = this.#context
    if (dialect.isAnnouncement(query)) return
    refuseUnknownContext(query)
    this.#closeRows()
    await this.#sendFirst()
    await this.#use(query)
    this.#set(dialect.statementSettings(query, event, collations))
    // MariaDB takes a session without autocommit for one in a transaction, from which no other one can be ended: XAER_OUTSIDE.
    if (endsXa(query.statement)) this.#set({ autocommit: '1' })
    if (this.#prefix.length > 0) this.#texts.push(`SET ${this.#prefix.join(',')}`)
    this.#prefix = []
    if (this.#begin !== undefined) this.#add('DO 0')
    await this.#send()
    const accepted = query.errorCode === 0 ? tolerated : new Set([...tolerated, query.errorCode])
    await sink.execute(query.statement, accepted)
    // CREATE and DROP DATABASE: what the default schema is now is not worth knowing exactly.
    if (query.suppressesUse) settings.schema = undefined
    if (this.#isInTransaction && this.#group.kind === 'ddl' && dialect.reopensAfterDdl) this.#reopen()
  }

  #reopen(): void {
    if (this.#opener !== undefined) this.open(this.#opener)
  }

  async #use({ schema, suppressesUse }: QueryEvent): Promise<void> {
    const { sink, settings } = this.#context
    if (schema === '' || suppressesUse || settings.schema === schema) return
    // The name is UTF-8, whatever the statement is in.
    this.#set({ character_set_client: 'utf8mb4' })
    await this.#send()
    // A session may stand in a schema that somebody else has dropped: its statements do not need it then.
    const isThere = await sink.execute(`USE ${quoteIdentifier(schema)}`, unknownDatabase)
    settings.schema = isThere ? schema : undefined
    settings.forget('collation_database')
  }

  #set(values: SettingValues): void {
    const { variables, settings } = this.#context
    const known = Object.entries(values).filter(([name]) => variables.has(name))
    const change = settings.change(Object.fromEntries(known))
    if (change !== undefined) this.#texts.push(`SET ${change}`)
  }

  async #finish(end: string | undefined): Promise<void> {
    const { sink, dialect } = this.#context
    this.#isEnded = true
    this.#closeRows()
    if (this.#isUnderWay) {
      await this.#send()
      await sink.settle()
    }
    if (this.#begin !== undefined) this.#texts.push(this.#begin)
    const mark = dialect.mark(this.#group)
    // Nothing can be written between XA END and XA PREPARE, so the mark is a transaction of its own there.
    const isAtomic = end === 'COMMIT' && mark.length > 0
    if (end !== undefined && !isAtomic) this.#texts.push(end)
    if (mark.length > 0) this.#texts.push(...mark, 'COMMIT')
    this.#texts.push(`SET @holdfast_applied=${this.#applied + 1}`)
    await this.#send()
  }
}

const xaStart = 'XA START '

const withoutEffect: ReadonlySet<number> = new Set([
  eventType.gtid,
  eventType.anonymousGtid,
  eventType.gtidTagged,
  eventType.mariadbGtid,
  eventType.rowsQuery,
  eventType.annotateRows,
  eventType.binlogCheckpoint,
  eventType.viewChange,
])

/** Statements inside of a transaction that mean the same in every session: their names stand between backticks or in hex. */
function isPlain(statement: Buffer): boolean {
  return /^(?:(?:SAVEPOINT|ROLLBACK TO(?: SAVEPOINT)?|RELEASE SAVEPOINT) `[\x20-\x5f\x61-\x7e]*`|XA END X'[0-9a-f',X]*[0-9]+)$/i.test(
    statement.toString('latin1'),
  )
}

function endsXa(statement: Buffer): boolean {
  return /^XA (?:COMMIT|ROLLBACK) /i.test(statement.toString('latin1', 0, 16))
}

/** `XA PREPARE …`, or the commit of a transaction that was prepared and committed in one. */
function xaEnd(event: BinlogEvent): string {
  const reader = eventBody(event)
  const isOnePhase = reader.u8() === 1
  const formatId = reader.u32()
  const globalBytes = reader.u32()
  const branchBytes = reader.u32()
  const xid = formatXid(formatId, reader.take(globalBytes), reader.take(branchBytes))
  return isOnePhase ? `XA COMMIT ${xid} ONE PHASE` : `XA PREPARE ${xid}`
}

function refuseUnknownContext({ variables, statement }: QueryEvent): void {
  if (variables.unknownCode === undefined) return
  throw new HoldfastError(
    'UNSUPPORTED',
    `a statement depends on session setting ${variables.unknownCode}, which this version does not know: ` +
      statement.toString('utf8', 0, 80),
  )
}
