// How far a clone has come, by what its donor has sent: enough to ask for the rest.
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import { cloneState, type DataDescriptor, type FileDescriptor, type StateDescriptor } from './descriptor.ts'
import type { CloneLocator, ReceivedChunks } from './locator.ts'
import { ChunkTally } from './received-chunks.ts'

export class CloneProgress {
  #state: number = cloneState.init
  #files = 0
  #hasFiles = false
  #tally = new ChunkTally(0)
  /** First and last chunk of the files of the state that copies them. */
  readonly #chunksOf = new Map<number, readonly [number, number]>()

  get isDone(): boolean {
    return this.#state === cloneState.done
  }

  /** Throws MalformedDataError for a state that cannot follow. */
  begin({ state, files, chunks }: StateDescriptor): void {
    // A donor that goes on after a broken connection may begin the same state once more.
    if (state !== this.#state && state !== this.#state + 1) {
      throw malformed(`state ${this.#state + 1}`, `state ${state}`)
    }
    this.#tally = new ChunkTally(chunks)
    this.#files = files
    this.#hasFiles = state !== cloneState.fileCopy
    this.#state = state
  }

  /** A file of the state that runs, or a change of one that belongs to the state that comes next. */
  addFile({ state, index, isDeleted, firstChunk, lastChunk }: FileDescriptor): void {
    if (state !== this.#state || state !== cloneState.fileCopy) return
    if (index === this.#files - 1) this.#hasFiles = true
    if (!isDeleted) this.#chunksOf.set(index, [firstChunk, lastChunk])
    // What says that a file was dropped names only the chunk that the donor had come to (set_deleted_chunk of clone0desc.h).
    else this.#tally.skip(...(this.#chunksOf.get(index) ?? [firstChunk, firstChunk]))
  }

  /** Throws MalformedDataError for data that do not belong here. */
  addData(data: DataDescriptor): void {
    if (data.state !== this.#state) throw malformed(`data of state ${this.#state}`, `state ${data.state}`)
    this.#tally.add(data)
  }

  /** Throws MalformedDataError when a state ends that was not under way, or before all files came whole. */
  end({ state }: StateDescriptor): void {
    if (state !== this.#state) throw malformed(`the end of state ${this.#state}`, `of state ${state}`)
    // Chunks of pages and of redo may be empty; those of files are all that can be known to be missing.
    const missing = state === cloneState.fileCopy ? this.#tally.missing() : undefined
    if (missing !== undefined) throw malformed('all chunks of all files', `none of chunk ${missing}`)
  }

  /** What COM_REINIT says: where the donor is to go on. */
  resumeFrom(locator: CloneLocator): [CloneLocator, ReceivedChunks | undefined] {
    const isBegun = this.#state > cloneState.init
    return [
      { ...locator, state: this.#state, hasFiles: isBegun && this.#hasFiles },
      isBegun ? this.#tally.interrupt() : undefined,
    ]
  }
}

function malformed(expected: string, found: string): MalformedDataError {
  return new MalformedDataError({ what: 'clone', offset: 0, expected, found })
}
