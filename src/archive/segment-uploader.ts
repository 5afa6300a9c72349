// Puts sealed segments into the repository, one after the other, while the next one grows.
import { createHash } from 'node:crypto'
import { HoldfastError } from '../core/errors.ts'
import type { BinlogPosition } from '../core/recovery-point.ts'
import type { SegmentIndex } from '../core/segment-index.ts'
import { readSegment } from './read-segment.ts'
import type { ResumeState } from './resume-state.ts'
import type { SegmentRepository } from './segment-repository.ts'
import type { SealedSegment, Spool } from './spool.ts'

/** The index of a sealed segment may take a few MiB of memory: of what waits behind this many it is read again when its turn comes. */
const keptInMemory = 4

/** Names of files say nothing across timelines. */
export interface EndOfPut extends BinlogPosition {
  readonly timeline: string
}

export class SegmentUploader {
  readonly #source: SegmentRepository
  readonly #spool: Spool
  readonly #onPut: (index: SegmentIndex) => void
  /** Ends of the puts that are under way or waiting, in order. */
  #waiting: Promise<void>[] = []
  #waitingBytes = 0
  #failure: unknown
  #putUntil: EndOfPut | undefined

  constructor(source: SegmentRepository, spool: Spool, onPut: (index: SegmentIndex) => void) {
    this.#source = source
    this.#spool = spool
    this.#onPut = onPut
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.#waiting.length === 0
  }

  /** Of the segments that are under way or waiting. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Where the last segment ends that was put; undefined while none was. */
  get putUntil(): EndOfPut | undefined {
    return this.#putUntil
  }

  /** Takes over a sealed segment, which began at `state`. Throws what an earlier put failed with. */
  add(sealed: SealedSegment, state: ResumeState): void {
    const { start, end } = sealed.index
    const kept = this.#waiting.length < keptInMemory ? sealed : undefined
    const put = this.#putAfter(this.#waiting.at(-1), kept, state).then(() => this.#settleFirst(end - start))
    this.#waiting.push(put)
    this.#waitingBytes += end - start
    put.catch((error: unknown) => {
      this.#failure ??= error
    })
    this.throwIfFailed()
  }

  /** Waits for all. Throws what a put failed with. */
  async drain(): Promise<void> {
    await this.#waiting.at(-1)
    this.throwIfFailed()
  }

  /** Waits until nothing is under way, whatever became of it. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#waiting)
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  #settleFirst(sizeBytes: number): void {
    void this.#waiting.shift()
    this.#waitingBytes -= sizeBytes
  }

  async #putAfter(
    before: Promise<void> | undefined,
    kept: SealedSegment | undefined,
    state: ResumeState,
  ): Promise<void> {
    await before
    await this.#put(kept ?? (await this.#spool.readSealed(state)))
  }

  async #put({ segment, index }: SealedSegment): Promise<void> {
    const { timeline, seq } = index
    // A number that is taken although no put of ours was begun is somebody else's.
    const wasMarked = await this.#spool.isMarkedPut(seq)
    if (!wasMarked) await this.#spool.markPut(seq)
    let tries = 0
    const data = {
      [Symbol.iterator]: () => {
        tries++
        return checked(segment.data(), index)
      },
    }
    const outcome = await this.#source.putSegment(timeline, seq, { index, data })
    // The answer to an earlier try may have been lost.
    if (outcome === 'exists') await this.#expectOwn(index, wasMarked || tries > 1)
    this.#putUntil = { timeline, file: index.file, offset: index.end }
    await segment.remove()
    await this.#spool.forget(seq)
    this.#onPut(index)
  }

  /** The number is taken: by ourselves before a crash, or by somebody else. */
  async #expectOwn(index: SegmentIndex, wasMarked: boolean): Promise<void> {
    const stored = await this.#readIndex(index)
    const isOwn = stored === undefined ? wasMarked : stored.chain === index.chain
    if (isOwn) return
    // The next run must not take the mark of this vain try for one of its own.
    if (!wasMarked) await this.#spool.unmarkPut(index.seq)
    throw fenced(index)
  }

  /** Undefined where this writer cannot read what it has written. */
  async #readIndex({ timeline, seq }: SegmentIndex): Promise<SegmentIndex | undefined> {
    const ref = (await this.#source.listSegments(timeline)).find((candidate) => candidate.seq === seq)
    if (ref === undefined) return undefined
    try {
      return (await readSegment(this.#source, ref)).index
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'IDENTITY_MISSING') return undefined
      throw error
    }
  }
}

/** Gives the data on and throws when it was not what the index says, before the store has got any of it. */
function* checked(data: Iterable<Buffer>, index: SegmentIndex): Generator<Buffer> {
  const hash = createHash('sha256')
  for (const piece of data) {
    hash.update(piece)
    yield piece
  }
  if (hash.digest('hex') === index.dataSha256) return
  throw new HoldfastError(
    'FAILED',
    `the spool no longer holds what segment ${index.seq} of timeline ${index.timeline} was sealed with`,
    { timeline: index.timeline, seq: index.seq },
    { hint: 'Run the command again: it asks the source once more for what is missing.' },
  )
}

function fenced({ timeline, seq }: SegmentIndex): HoldfastError {
  return new HoldfastError(
    'REPOSITORY_LOCKED',
    `segment ${seq} of timeline ${timeline} was written by another archiver of this source; this one stops, and keeps its spool`,
    { timeline, seq },
    { hint: 'Run one holdfast stream for each source.' },
  )
}
