// Takes events in the order of the log, makes them durable, and decides where one segment ends and the next begins.

import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { LogItem, ResumePoint } from './log-follower.ts'
import type { ResumeState } from './resume-state.ts'
import type { SegmentUploader } from './segment-uploader.ts'
import type { Spool } from './spool.ts'
import type { SpoolSegment } from './spool-segment.ts'

export interface SealRules {
  /** Seal at the next end of a transaction once a segment has this many bytes. */
  readonly sealBytes: number
  /** Seal once the first event of a segment has waited for so long, in milliseconds. */
  readonly sealAfterMs: number
  /** Cut even within a transaction at this many bytes, so that no segment outgrows memory. */
  readonly cutBytes: number
}

export interface ArchiverOptions extends SealRules {
  readonly spool: Spool
  readonly uploader: SegmentUploader
  readonly emit: EmitEvent
}

export class Archiver {
  readonly #options: ArchiverOptions
  /** Where the open segment begins. */
  #state: ResumeState
  #segment: SpoolSegment | undefined
  #openedAtMs = 0
  #warnings = new Set<string>()
  #receivedBytes = 0

  /** `segment` is what a crash left of the open one. */
  constructor(options: ArchiverOptions, state: ResumeState, segment: SpoolSegment | undefined) {
    this.#options = options
    this.#state = state
    this.#segment = segment
    this.#openedAtMs = Date.now()
  }

  /** Behind the last event that was taken; undefined when nothing was ever archived. */
  get position(): BinlogPosition | undefined {
    if (this.#segment !== undefined) {
      return { file: this.#segment.builder.file, offset: this.#segment.builder.end }
    }
    return this.#state.file === '' ? undefined : { file: this.#state.file, offset: this.#state.offset }
  }

  /** Where a stream has to go on; undefined when nothing was ever archived. */
  get resumePoint(): ResumePoint | undefined {
    const { position } = this
    if (position === undefined) return undefined
    const builder = this.#segment?.builder
    // A file that has just begun has no event yet; the last one of the file before stands elsewhere.
    const isNewFile = builder?.start === 0
    return { position, tail: builder?.tail ?? (isNewFile ? undefined : this.#state.tail) }
  }

  /** Bytes of events taken by this run. */
  get receivedBytes(): number {
    return this.#receivedBytes
  }

  /** Bytes of the open segment. */
  get openBytes(): number {
    return this.#segment?.builder.sizeBytes ?? 0
  }

  get state(): ResumeState {
    return this.#state
  }

  get lastGtid(): string | undefined {
    return this.#segment?.builder.lastGtid
  }

  get lastHeaderSeconds(): number | undefined {
    return this.#segment?.builder.lastObserved?.headerSeconds
  }

  /** How long a caller may wait before `sealIfDue` has something to do; at most a second, so that nobody waits in vain. */
  get waitMs(): number {
    const builder = this.#segment?.builder
    // Nothing becomes due while there is nothing, or while a transaction is under way.
    if (builder === undefined || builder.isEmpty || builder.isInTransaction) return 1000
    return Math.min(1000, this.#openedAtMs + this.#options.sealAfterMs - Date.now())
  }

  /** Appends in memory; `flush` makes it durable. `arrivalMillis` is by the source's clock. */
  async take(item: LogItem, arrivalMillis: number): Promise<void> {
    if (item.kind === 'idle') {
      // An idle source sends a sign of life when its log has had no more for a while; a second covers the way.
      this.#segment?.builder.noteQuiet(Math.floor(arrivalMillis - 1000) * 1000)
      return
    }
    if (item.kind === 'joined') return
    if (item.kind === 'file') return this.startFile(item.file)
    const { event } = item
    this.#segment ??= this.#begin()
    const { builder } = this.#segment
    this.#receivedBytes += event.bytes.length
    const { incident, hasStatements, gtidJump } = this.#segment.append(event, arrivalMillis)
    if (incident !== undefined) this.#warnIncident(builder.file, event.offset, incident)
    if (hasStatements) this.#warnStatements(builder.file, event.offset)
    if (gtidJump !== undefined) this.#warnJump(builder.file, gtidJump)
    await this.#sealIfFull()
  }

  /** Events of another file follow. */
  async startFile(file: string): Promise<void> {
    // After a crash the source goes on with a new file without having ended the old one.
    await this.seal()
    const { fileEnd } = this.#state
    if (fileEnd?.nextFile !== undefined && fileEnd.nextFile !== file) {
      throw new HoldfastError(
        'ARCHIVE_DIVERGED',
        `${this.#state.file} says that ${fileEnd.nextFile} follows, and the source goes on with ${file}`,
        { file },
      )
    }
    this.#segment = this.#begin(file)
  }

  /** Makes all that was taken durable: everything before `position` is, when this returns. */
  async flush(): Promise<void> {
    await this.#segment?.flush()
  }

  /** Seals when the open segment has waited long enough and no transaction is under way. */
  async sealIfDue(): Promise<void> {
    if (Date.now() - this.#openedAtMs >= this.#options.sealAfterMs) await this.sealIfWhole()
  }

  /** Seals what there is, unless a transaction is under way. */
  async sealIfWhole(): Promise<void> {
    if (this.#segment?.builder.isInTransaction !== true) await this.seal()
  }

  /** Seals what there is, at the end of work. What is under way of a transaction stays in the spool. */
  async finish(): Promise<void> {
    await this.flush()
    await this.sealIfWhole()
  }

  /** Seals what a crash left of a segment whose file had ended. */
  async sealEndedFile(): Promise<void> {
    if (this.#segment?.builder.isFileEnd === true) await this.seal()
  }

  /** Lets go of the spool's files as they are. */
  async close(): Promise<void> {
    await this.#segment?.close()
  }

  /** Goes on with another timeline; everything of the one before must have been sealed. */
  beginTimeline(state: ResumeState): void {
    this.#state = state
    this.#segment = undefined
  }

  /** Says that the source had committed nothing more before this moment, by its clock. */
  noteQuiet(untilMicros: number): void {
    this.#segment?.builder.noteQuiet(untilMicros)
  }

  /** Does nothing when the segment is empty. */
  async seal(): Promise<void> {
    const segment = this.#segment
    if (segment === undefined || segment.builder.isEmpty) return
    this.#segment = undefined
    await segment.flush()
    await segment.close()
    const { index, next } = segment.builder.seal()
    await this.#options.spool.recordSealed(index, next)
    const begun = this.#state
    this.#state = next
    this.#options.uploader.add({ segment, index }, begun)
  }

  #begin(newFile?: string): SpoolSegment {
    this.#openedAtMs = Date.now()
    return this.#options.spool.segment(this.#state, newFile)
  }

  async #sealIfFull(): Promise<void> {
    const builder = this.#segment?.builder
    if (builder === undefined) return
    const { sealBytes, cutBytes } = this.#options
    const isFull = builder.sizeBytes >= sealBytes && !builder.isInTransaction
    if (isFull || builder.isFileEnd || builder.sizeBytes >= cutBytes) await this.seal()
  }

  #warnStatements(file: string, offset: number): void {
    this.#warnOnce(
      'statements',
      `the source logs changes as statements (first at ${file}:${offset}): they are archived, and may give other rows when replayed; set binlog_format=ROW`,
    )
  }

  #warnIncident(file: string, offset: number, words: string): void {
    this.#warn(
      `the source reports at ${file}:${offset} that it lost events itself (${words}): take a new backup`,
    )
  }

  #warnJump(file: string, { expected, found }: { expected: string; found: string }): void {
    this.#warn(
      `${file} begins with other GTIDs than the archive ends with: '${found}' instead of '${expected}'; take a new backup`,
    )
  }

  #warnOnce(key: string, message: string): void {
    if (this.#warnings.has(key)) return
    this.#warnings.add(key)
    this.#warn(message)
  }

  #warn(message: string): void {
    this.#options.emit({ type: 'notice', level: 'warning', message })
  }
}
