// What a backup of files knows of the cells of the one before: the book of this host, and the repository that has the chunks.
import { isHoldfastError } from '../core/errors.ts'
import type { EmitEvent, HoldfastEvent } from '../core/events.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { type BookNotes, CellBook, NewCellBook } from '../physical/pour/cell-book.ts'
import type { CellMemory, RememberedCell } from '../physical/pour/cell-memory.ts'
import { Fingerprints } from '../physical/pour/fingerprint.ts'
import type { BackupSession } from '../repository/backup-session.ts'

/** Undefined on a host that keeps no state, or cannot write it, which is told. */
export async function rememberedCells(
  session: BackupSession,
  emit: EmitEvent,
): Promise<RememberedCells | undefined> {
  try {
    const file = await session.cellsFile()
    if (file === undefined) return undefined
    const before = CellBook.open(file)
    const book = new NewCellBook(file, { before, canRead: session.canReadEarlier })
    return new RememberedCells(session, before, book, emit)
  } catch (error) {
    emit(cannotNote(error))
    return undefined
  }
}

/** What of a backup is asked for here. */
type EarlierChunks = Pick<BackupSession, 'holds' | 'canReadEarlier' | 'readEarlier'>

export class RememberedCells implements CellMemory, Disposable {
  readonly fingerprints: Fingerprints
  readonly #session: EarlierChunks
  readonly #before: CellBook | undefined
  readonly #book: NewCellBook
  readonly #emit: EmitEvent
  #isTold = false

  constructor(session: EarlierChunks, before: CellBook | undefined, book: NewCellBook, emit: EmitEvent) {
    this.#session = session
    this.#before = before
    this.#book = book
    this.#emit = emit
    this.fingerprints = new Fingerprints(book.key)
  }

  recall(path: string, cell: number): RememberedCell | undefined {
    return this.#before?.recall(path, cell)
  }

  begin(): BookNotes {
    return this.#book.begin()
  }

  finish(files: Iterable<readonly [path: string, notes: BookNotes]>): void {
    this.#book.finish(files)
  }

  async holds(id: string): Promise<boolean> {
    return this.#session.holds(id)
  }

  get canRead(): boolean {
    return this.#session.canReadEarlier
  }

  async read(id: string): Promise<Buffer | undefined> {
    try {
      return await this.#session.readEarlier(id)
    } catch (error) {
      // STORE_UNUSABLE is also what a disk says of one sector that it cannot read.
      const isDamage =
        error instanceof MalformedDataError ||
        isHoldfastError(error, 'VERIFY_FAILED', 'WRONG_KEY', 'STORE_UNUSABLE')
      if (!isDamage) throw error
      const message = `an earlier backup cannot be read, so what changed since is stored whole: ${error.message}`
      if (!this.#isTold) this.#emit({ type: 'notice', level: 'warning', message })
      this.#isTold = true
      return undefined
    }
  }

  /** The backup exists: the next one may rely on it. */
  keep(): void {
    try {
      this.#book.keep()
    } catch (error) {
      this.#emit(cannotNote(error))
    }
  }

  [Symbol.dispose](): void {
    this.#before?.[Symbol.dispose]()
    this.#book[Symbol.dispose]()
  }
}

function cannotNote(error: unknown): HoldfastEvent {
  const why = error instanceof Error ? error.message : String(error)
  const message = `this host could not note the pages of this backup, so the next one may store them again: ${why}`
  return { type: 'notice', level: 'warning', message }
}
