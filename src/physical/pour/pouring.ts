// Files on their way into a backup: cut at the grid, cells gathered in bounded memory, each stored as soon as it is whole.
import assert from 'node:assert/strict'
import type { StoredObject } from '../../core/backup.ts'
import type { FileContent, PhysicalContent } from '../content.ts'
import { requireSafePath } from '../file-path.ts'
import { cellBytes, cellSpans, cellsOf } from '../grid.ts'
import { ByteRuns } from './byte-runs.ts'
import { CellPool } from './cell-pool.ts'
import { type CellSink, CellStore } from './cell-store.ts'
import type { FileAttributes, FileIntake, IntakeFile } from './file-intake.ts'
import { type CellChange, PouredCells } from './poured-cells.ts'

/** 64 cells of 256 KiB are 16 MiB: enough for 4 writers of 4 MiB each, and for a backup program's files side by side. */
const defaultOpenCells = 64

const zeroCell = Buffer.alloc(cellBytes)

/** What became of all files: parts of a PhysicalContent, and the objects for a BackupResult. */
export interface Poured extends Pick<PhysicalContent, 'folders' | 'files' | 'leftOut'> {
  readonly objects: readonly StoredObject[]
}

/** A cell that is being filled. */
interface OpenCell {
  readonly file: PouredFile
  readonly cell: number
  readonly buffer: Buffer
  readonly written: ByteRuns
}

export class Pouring implements FileIntake {
  readonly #sink: CellSink
  readonly #pool: CellPool
  readonly #files = new Map<string, PouredFile>()
  readonly #folders = new Map<string, number>()
  readonly #leftOut: { path: string; why: string }[] = []
  /** Those written longest ago first. */
  readonly #open = new Set<OpenCell>()
  readonly #storing = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(sink: CellSink, openCells = defaultOpenCells) {
    this.#sink = sink
    this.#pool = new CellPool(openCells)
  }

  open(path: string, attributes: FileAttributes): IntakeFile {
    requireSafePath(path)
    const known = this.#files.get(path)
    if (known !== undefined) {
      known.attributes = attributes
      return known
    }
    const file = new PouredFile(this, path, attributes, new CellStore(this.#sink, path))
    this.#files.set(path, file)
    return file
  }

  folder(path: string, mode: number): void {
    requireSafePath(path)
    this.#folders.set(path, mode)
  }

  remove(path: string): void {
    const file = this.#take(path)
    file.isRemoved = true
    for (const open of file.open.values()) this.#abandon(open)
  }

  rename(from: string, to: string): void {
    requireSafePath(to)
    assert(!this.#files.has(to), `${to} is there already`)
    const file = this.#take(from)
    file.path = to
    this.#files.set(to, file)
  }

  leaveOut(path: string, why: string): void {
    this.#leftOut.push({ path, why })
  }

  /** Stores what is still open and waits until the sink has all. Throws what the sink threw. Nothing may be written from here on. */
  async finish(): Promise<Poured> {
    for (const open of this.#open) this.#store(open)
    await Promise.all(this.#storing)
    this.#throwIfFailed()
    const objects: StoredObject[] = []
    const files: FileContent[] = []
    for (const file of [...this.#files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
      const { path, cells, sizeBytes } = file
      files.push({ path, ...contentOf(file.attributes), sizeBytes, ...cells.map })
      if (cells.length > 0) objects.push({ name: path, chunks: cells, plainBytes: sizeBytes })
    }
    this.#remember()
    const folders = [...this.#folders].map(([path, mode]) => ({ path, mode }))
    return { folders, files, leftOut: this.#leftOut, objects }
  }

  /** Waits until nothing is under way any more, whatever became of it: before the sink is given up. */
  async settle(): Promise<void> {
    await Promise.all(this.#storing)
  }

  /** Has the cell last written last to be stored. */
  touch(open: OpenCell): void {
    this.#open.delete(open)
    this.#open.add(open)
  }

  /**
   * Makes room for a cell of a file; where there is none, the cell that was written longest ago is stored. Whoever waited looks again
   * what is open: others went on meanwhile.
   */
  async makeRoom(file: PouredFile, cell: number, signal: AbortSignal | undefined): Promise<void> {
    const buffer = this.#pool.tryTake() ?? (await this.#waitForBuffer())
    if (file.open.has(cell) || file.isRemoved || signal?.aborted === true || this.#failure !== undefined) {
      this.#pool.giveBack(buffer)
      signal?.throwIfAborted()
      this.#throwIfFailed()
      return
    }
    const opened = { file, cell, buffer, written: new ByteRuns() }
    file.opened(opened)
    this.#open.add(opened)
  }

  /** Hands a cell over to the sink; its buffer is free again when the sink has it. */
  store(open: OpenCell): void {
    this.#store(open)
  }

  abandon(open: OpenCell): void {
    this.#abandon(open)
  }

  #store(open: OpenCell): void {
    const { file, cell, buffer, written } = open
    this.#open.delete(open)
    file.closed(cell)
    const cellEnd = Math.min(cellBytes, file.sizeBytes - cell * cellBytes)
    const change = file.cells.put(cell, buffer, written, cellEnd)
    if (change === undefined) {
      this.#pool.giveBack(buffer)
      return
    }
    const storing = this.#put(open, change).finally(() => {
      this.#pool.giveBack(buffer)
      this.#storing.delete(storing)
    })
    this.#storing.add(storing)
  }

  /** Never rejects: a failure is kept for whoever comes next. */
  async #put({ file, cell, buffer }: OpenCell, change: CellChange): Promise<void> {
    try {
      if (change.kind === 'patch') change.stored(await this.#sink.putChunk(change.bytes))
      else change.stored(await file.store.store(cell, buffer, change.end))
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  /** Files that were removed are not there any more, and are not remembered. */
  #remember(): void {
    const noted = [...this.#files.values()].flatMap(({ path, store: { notes } }) =>
      notes === undefined ? [] : ([[path, notes]] as const),
    )
    this.#sink.memory?.finish(noted)
  }

  async #waitForBuffer(): Promise<Buffer> {
    const waiting = this.#pool.wait()
    const [oldest] = this.#open
    // None is open when all are being stored: one of these comes back.
    if (oldest !== undefined) this.#store(oldest)
    return waiting
  }

  #abandon(open: OpenCell): void {
    this.#open.delete(open)
    open.file.closed(open.cell)
    this.#pool.giveBack(open.buffer)
  }

  #take(path: string): PouredFile {
    const file = this.#files.get(path)
    assert(file !== undefined, `${path} was never there`)
    this.#files.delete(path)
    return file
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

const noneOpen: ReadonlyMap<number, OpenCell> = new Map()

class PouredFile implements IntakeFile {
  readonly #pouring: Pouring
  path: string
  attributes: FileAttributes
  sizeBytes = 0
  isRemoved = false
  readonly cells = new PouredCells()
  readonly store: CellStore
  #open: Map<number, OpenCell> | undefined

  constructor(pouring: Pouring, path: string, attributes: FileAttributes, store: CellStore) {
    this.#pouring = pouring
    this.store = store
    this.path = path
    this.attributes = attributes
  }

  /** Cells that are being filled. */
  get open(): ReadonlyMap<number, OpenCell> {
    return this.#open ?? noneOpen
  }

  opened(open: OpenCell): void {
    ;(this.#open ??= new Map()).set(open.cell, open)
  }

  /** Of most files nothing is open most of the time, and a map for each would cost more than all else that is known of it. */
  closed(cell: number): void {
    this.#open?.delete(cell)
    if (this.#open?.size === 0) this.#open = undefined
  }

  async write(offset: number, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    let taken = 0
    for (const { cell, start, end } of cellSpans(offset, bytes.length)) {
      let open = this.open.get(cell)
      // No wait between finding it open and writing: it might be stored meanwhile, and its memory lent to another.
      while (open === undefined) {
        assert(!this.isRemoved, `${this.path} was removed`)
        await this.#pouring.makeRoom(this, cell, signal)
        open = this.open.get(cell)
      }
      this.#pouring.touch(open)
      open.buffer.set(bytes.subarray(taken, taken + end - start), start)
      open.written.add(start, end)
      taken += end - start
      this.sizeBytes = Math.max(this.sizeBytes, cell * cellBytes + end)
      if (open.written.coversUpTo(cellBytes)) this.#pouring.store(open)
    }
  }

  async resize(sizeBytes: number): Promise<void> {
    const before = this.sizeBytes
    const cells = cellsOf(sizeBytes)
    for (const open of this.open.values()) if (open.cell >= cells) this.#pouring.abandon(open)
    this.cells.truncate(cells)
    // What is cut off within a cell must read as zeros should the file grow again.
    const cut = Math.min(before, cells * cellBytes) - sizeBytes
    if (cut > 0 && (this.open.has(cells - 1) || this.cells.has(cells - 1))) {
      await this.write(sizeBytes, zeroCell.subarray(0, cut))
    }
    this.sizeBytes = sizeBytes
  }

  close(): void {
    for (const open of this.open.values()) this.#pouring.store(open)
  }
}

function contentOf({
  kind,
  mode,
  modifiedAtMs,
  tablespace,
  isSparse,
}: FileAttributes): Pick<FileContent, 'kind' | 'mode' | 'modifiedAtMs' | 'tablespace' | 'isSparse'> {
  return {
    kind,
    mode,
    ...(modifiedAtMs === undefined ? {} : { modifiedAtMs }),
    ...(tablespace === undefined ? {} : { tablespace }),
    ...(isSparse === true ? { isSparse } : {}),
  }
}
