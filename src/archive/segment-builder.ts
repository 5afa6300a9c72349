// Gathers what there is to know about a segment while its events come in, so that sealing it needs no second look.
import { createHash, type Hash } from 'node:crypto'
import type { BinlogEvent } from '../binlog/binlog-event.ts'
import { decodePreviousGtids, decodeRotate } from '../binlog/control-events.ts'
import { GroupTracker } from '../binlog/event-group.ts'
import { binlogMagic } from '../binlog/event-header.ts'
import { eventType } from '../binlog/event-types.ts'
import { decodeGtidList } from '../binlog/mariadb-gtid-event.ts'
import { stateAfter } from '../core/gtid-state.ts'
import {
  type EventMark,
  encodeTransactions,
  type SegmentIndex,
  type TransactionKind,
} from '../core/segment-index.ts'
import { ChangeCounter } from './change-counter.ts'
import { commitTimes, type ObservedTime } from './commit-times.ts'
import { markOf } from './event-mark.ts'
import { indexChain } from './index-chain.ts'
import { type ResumeState, stateAfterSegment } from './resume-state.ts'

interface Pending extends ObservedTime {
  readonly start: number
  readonly end: number
  readonly gtid: string | undefined
  readonly kind: TransactionKind
  readonly hasStatements: boolean
}

/** What an event brought to light. */
export interface Noticed {
  /** It ended a transaction with changes that were logged as statements. */
  readonly hasStatements: boolean
  /** The source's own words about events that it lost. */
  readonly incident: string | undefined
  /** The file says that other transactions came before it than the archive holds. */
  readonly gtidJump: { readonly expected: string; readonly found: string } | undefined
}

export class SegmentBuilder {
  readonly file: string
  readonly start: number
  readonly #before: ResumeState
  readonly #hash: Hash = createHash('sha256')
  readonly #tracker: GroupTracker
  readonly #changes = new ChangeCounter()
  readonly #transactions: Pending[] = []
  readonly #incidents: { offset: number; message: string }[] = []
  #end: number
  #gtidBefore: string
  #formatEvent: string
  #fileEnd: SegmentIndex['fileEnd']
  #last: BinlogEvent | undefined
  #firstArrivalMillis = 0
  #lastArrivalMillis = 0
  #coveredUntilMicros: number | undefined
  /** Nothing that comes now was committed before; 0 while that is unknown. */
  #quietUntilMicros: number

  /** Goes on where `before` ends, or with the start of `newFile`. */
  constructor(before: ResumeState, newFile?: string) {
    this.#before = before
    this.file = newFile ?? before.file
    this.start = newFile === undefined ? before.offset : 0
    this.#end = this.start
    this.#tracker = new GroupTracker(newFile === undefined ? before.openTransaction : undefined)
    this.#gtidBefore = before.gtid
    this.#quietUntilMicros = before.coveredUntilMicros ?? 0
    this.#formatEvent = newFile === undefined ? before.formatEvent : ''
    if (this.start === 0) this.#add(binlogMagic)
  }

  get end(): number {
    return this.#end
  }

  get sizeBytes(): number {
    return this.#end - this.start
  }

  get isEmpty(): boolean {
    return this.#last === undefined
  }

  /** True while a transaction has begun and not ended. */
  get isInTransaction(): boolean {
    return this.#tracker.isInGroup
  }

  /** True once the file's last event is in. */
  get isFileEnd(): boolean {
    return this.#fileEnd !== undefined
  }

  get lastGtid(): string | undefined {
    return this.#transactions.at(-1)?.gtid
  }

  /** Header second of the last transaction: for telling how far behind we are. */
  get lastObserved(): ObservedTime | undefined {
    return this.#transactions.at(-1)
  }

  /** Undefined while nothing has come. */
  get tail(): EventMark | undefined {
    return this.#last === undefined ? undefined : markOf(this.#last)
  }

  push(event: BinlogEvent, arrivalMillis: number): Noticed {
    this.#add(event.bytes)
    this.#last = event
    if (this.#firstArrivalMillis === 0) this.#firstArrivalMillis = arrivalMillis
    this.#lastArrivalMillis = arrivalMillis
    this.#coveredUntilMicros = undefined
    const gtidJump = this.#noteFileEvent(event)
    const step = this.#tracker.push(event)
    this.#changes.push(event, step)
    const { group } = this.#tracker
    if (!step.isLast || group === undefined) return { hasStatements: false, gtidJump, incident: undefined }
    const { start, gtid, commitMicros, headerSeconds, kind, hasStatements, incident } = group
    const end = this.#end
    this.#transactions.push({
      start,
      end,
      gtid,
      commitMicros,
      headerSeconds,
      arrivalMillis,
      kind,
      hasStatements,
      notBeforeMicros: this.#quietUntilMicros,
    })
    if (incident !== undefined) this.#incidents.push({ offset: start, message: incident })
    return { hasStatements, gtidJump, incident }
  }

  /** Says that nothing more was committed before this moment, by the source's clock. */
  noteQuiet(untilMicros: number): void {
    this.#coveredUntilMicros = untilMicros
    this.#quietUntilMicros = Math.max(this.#quietUntilMicros, untilMicros)
  }

  /** The index of what has come so far, and where the next segment goes on. */
  seal(): { index: SegmentIndex; next: ResumeState } {
    const before = this.#before
    const last = this.#last
    if (last === undefined) throw new Error('an empty segment is never sealed')
    const times = commitTimes(this.#transactions, before.timeMicros)
    const transactions = this.#transactions.map(({ gtid, ...transaction }, i) => ({
      ...transaction,
      ...(gtid === undefined ? {} : { gtid }),
      timeMicros: times[i] ?? before.timeMicros,
    }))
    const gtids = this.#transactions.flatMap(({ gtid }) => (gtid === undefined ? [] : [gtid]))
    const { flavour } = before.source
    const gtidAfter =
      gtids.length === 0 ? this.#gtidBefore : stateAfter({ flavour, text: this.#gtidBefore }, gtids).text
    const dataSha256 = this.#hash.digest('hex')
    const openTransaction = this.#tracker.open
    const unchained: Omit<SegmentIndex, 'chain'> = {
      format: 1,
      timeline: before.timeline,
      seq: before.seq,
      source: before.source,
      serverVersion: before.serverVersion,
      ...(before.origin === undefined ? {} : { origin: before.origin }),
      file: this.file,
      start: this.start,
      end: this.#end,
      ...(this.#fileEnd === undefined ? {} : { fileEnd: this.#fileEnd }),
      formatEvent: this.#formatEvent,
      dataSha256,
      previousChain: before.chain,
      gtidBefore: this.#gtidBefore,
      gtidAfter,
      timeMicros: times.at(-1) ?? before.timeMicros,
      ...(this.#coveredUntilMicros === undefined ? {} : { coveredUntilMicros: this.#coveredUntilMicros }),
      firstArrivalMillis: this.#firstArrivalMillis,
      lastArrivalMillis: this.#lastArrivalMillis,
      ...(openTransaction === undefined ? {} : { openTransaction }),
      incidents: this.#incidents,
      transactions: {
        ...encodeTransactions(transactions, this.start),
        changes: this.#changes.columns(),
      },
      tail: markOf(last),
    }
    const index = { ...unchained, chain: indexChain(unchained) }
    return { index, next: stateAfterSegment(index) }
  }

  #add(bytes: Buffer): void {
    this.#hash.update(bytes)
    this.#end += bytes.length
  }

  #noteFileEvent(event: BinlogEvent): Noticed['gtidJump'] {
    switch (event.header.type) {
      case eventType.formatDescription:
        this.#formatEvent = event.bytes.toString('base64')
        return undefined
      case eventType.previousGtids:
        return this.#noteGtids(decodePreviousGtids(event).toString())
      case eventType.gtidList:
        return this.#noteGtids(decodeGtidList(event).toString())
      case eventType.rotate:
        this.#fileEnd = { kind: 'rotate', nextFile: decodeRotate(event).file }
        return undefined
      case eventType.stop:
        this.#fileEnd = { kind: 'stop' }
        return undefined
      default:
        return undefined
    }
  }

  /** What the file says was executed before it: the truth, even where the archive expects something else. */
  #noteGtids(found: string): Noticed['gtidJump'] {
    const expected = this.#gtidBefore
    this.#gtidBefore = found
    return this.#before.file === '' || expected === found ? undefined : { expected, found }
  }
}
