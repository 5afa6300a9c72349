// The file in which a host remembers the cells of its last backup: a cache, bounded in memory however large the server is.
import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { z } from 'zod'
import type { FileNotes, RememberedCell } from './cell-memory.ts'
import { cellRecordBytes, decodeCell, encodeCell } from './cell-record.ts'
import { fingerprintKeyBytes } from './fingerprint.ts'

/**
 * Files grow side by side, so each gets room for some cells at a time: 4 cells are 1 MiB of a file. A small file wastes at most 1.1 KiB, and the
 * list of a file of a terabyte has a million places.
 */
const extentCells = 4

/** Offset and length of the directory, and its SHA-256. */
const footerBytes = 8 + 8 + 32

const count = z.number().int().nonnegative()
const directory = z.object({
  format: z.literal(1),
  key: z.string().regex(new RegExp(`^[0-9a-f]{${2 * fingerprintKeyBytes}}$`)),
  /** Records have room for the fingerprints of blocks. */
  hasBlocks: z.boolean(),
  /** Runs of extents: the first in the file, the first in the book, how many. */
  files: z.array(z.tuple([z.string(), z.array(z.tuple([count, count, count]))])),
})
type Run = readonly [index: number, extent: number, number: number]

// All of this is some hundred bytes at a time, out of or into the page cache: a trip to a thread for each would take longer.

/** What the backup before left. */
export class CellBook implements Disposable {
  readonly #file: number
  readonly #files: ReadonlyMap<string, readonly Run[]>
  /** Of the fingerprints in it. */
  readonly key: Buffer
  /** Its records have room for the fingerprints of blocks. */
  readonly hasBlocks: boolean

  private constructor(file: number, { key, hasBlocks, files }: z.infer<typeof directory>) {
    this.#file = file
    this.hasBlocks = hasBlocks
    this.key = Buffer.from(key, 'hex')
    this.#files = new Map(files)
  }

  /** Undefined where there is none, or none that can be used. */
  static open(path: string): CellBook | undefined {
    const file = unlessUnreadable(() => openSync(path, 'r'))
    if (file === undefined) return undefined
    const found = unlessUnreadable(() => readDirectory(file))
    if (found !== undefined) return new CellBook(file, found)
    closeSync(file)
    return undefined
  }

  recall(path: string, cell: number): RememberedCell | undefined {
    const index = Math.floor(cell / extentCells)
    const run = runWith(this.#files.get(path) ?? [], index)
    if (run === undefined) return undefined
    const place = placeOf(run[1] + index - run[0], cell, this.hasBlocks)
    const length = cellRecordBytes(this.hasBlocks)
    const record = unlessUnreadable(() => readAll(this.#file, place, length))
    return record?.length === length ? decodeCell(cell, record) : undefined
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}

/** The book of the backup that is being made; takes the place of the one before when it is kept. */
export class NewCellBook implements Disposable {
  readonly #path: string
  readonly #temporary: string
  readonly #file: number
  readonly key: Buffer
  /** This host may need the fingerprints of blocks; without them the book takes a third. */
  readonly hasBlocks: boolean
  #extents = 0
  #failure: { readonly error: unknown } | undefined
  #isOpen = true

  /** Whoever holds the lease of the source writes alone, so what a killed backup left is written over. */
  constructor(path: string, { before, canRead }: { before: CellBook | undefined; canRead: boolean }) {
    this.#path = path
    this.key = before?.key ?? randomBytes(fingerprintKeyBytes)
    // A host that now and then was given a key has noted blocks for when it is not, and keeps them.
    this.hasBlocks = !canRead || before?.hasBlocks === true
    this.#temporary = `${path}.new`
    this.#file = openSync(this.#temporary, 'w', 0o600)
  }

  begin(): BookNotes {
    return new BookNotes(this)
  }

  /** The number of a new extent. */
  grow(): number {
    this.#extents += 1
    return this.#extents - 1
  }

  /**
   * Never throws: a disk that is full costs the next backup its memory, and is told of when the book is to be kept. What the book took is
   * given back at once, for others write to this disk.
   */
  write(bytes: Buffer, offset: number): void {
    if (this.#failure !== undefined) return
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#file, bytes, done, bytes.length - done, offset + done)
      }
    } catch (error) {
      this.#failure = { error }
      this.#giveUp(error)
    }
  }

  #giveUp(cause: unknown): void {
    try {
      ftruncateSync(this.#file, 0)
    } catch (error) {
      this.#failure = { error: new AggregateError([cause, error], String(cause)) }
    }
  }

  /** Writes down where what is. */
  finish(files: Iterable<readonly [path: string, notes: BookNotes]>): void {
    const listed = [...files]
      .map(([path, notes]) => [path, notes.runs()] as const)
      .filter(([, runs]) => runs.length > 0)
    const { key, hasBlocks } = this
    const text = Buffer.from(
      JSON.stringify({ format: 1, key: key.toString('hex'), hasBlocks, files: listed }),
    )
    const offset = placeOf(this.#extents, 0, hasBlocks)
    const footer = Buffer.alloc(footerBytes)
    footer.writeBigUInt64LE(BigInt(offset), 0)
    footer.writeBigUInt64LE(BigInt(text.length), 8)
    createHash('sha256').update(text).digest().copy(footer, 16)
    this.write(Buffer.concat([text, footer]), offset)
  }

  /** To be called when the backup exists. Throws what writing failed of: then the one before stays. */
  keep(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    fsyncSync(this.#file)
    renameSync(this.#temporary, this.#path)
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    closeSync(this.#file)
    rmSync(this.#temporary, { force: true })
  }
}

export class BookNotes implements FileNotes {
  readonly #book: NewCellBook
  readonly #extents = new Map<number, number>()

  constructor(book: NewCellBook) {
    this.#book = book
  }

  note(cell: number, remembered: RememberedCell): void {
    const index = Math.floor(cell / extentCells)
    let extent = this.#extents.get(index)
    if (extent === undefined) {
      extent = this.#book.grow()
      this.#extents.set(index, extent)
    }
    const { hasBlocks } = this.#book
    this.#book.write(encodeCell(cell, remembered, hasBlocks), placeOf(extent, cell, hasBlocks))
  }

  runs(): readonly Run[] {
    const runs: [number, number, number][] = []
    for (const [index, extent] of [...this.#extents].toSorted(([a], [b]) => a - b)) {
      const last = runs.at(-1)
      if (last !== undefined && last[0] + last[2] === index && last[1] + last[2] === extent) last[2] += 1
      else runs.push([index, extent, 1])
    }
    return runs
  }
}

function placeOf(extent: number, cell: number, hasBlocks: boolean): number {
  return (extent * extentCells + (cell % extentCells)) * cellRecordBytes(hasBlocks)
}

/** A book that cannot be opened or read, be it by one bad sector, is worth as much as none. */
function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return undefined
    throw error
  }
}

/** Runs are in the order of their index. */
function runWith(runs: readonly Run[], index: number): Run | undefined {
  let low = 0
  let high = runs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const [first, , number] = runs[middle]!
    if (index < first) high = middle
    else if (index >= first + number) low = middle + 1
    else return runs[middle]
  }
  return undefined
}

function readDirectory(file: number): z.infer<typeof directory> | undefined {
  const { size } = fstatSync(file)
  if (size < footerBytes) return undefined
  const footer = readAll(file, size - footerBytes, footerBytes)
  const offset = Number(footer.readBigUInt64LE(0))
  if (offset + Number(footer.readBigUInt64LE(8)) !== size - footerBytes) return undefined
  const text = readAll(file, offset, size - footerBytes - offset)
  if (!createHash('sha256').update(text).digest().equals(footer.subarray(16))) return undefined
  return directory.safeParse(JSON.parse(text.toString())).data
}

function readAll(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let done = 0; done < length; ) {
    const read = readSync(file, bytes, done, length - done, offset + done)
    if (read === 0) return bytes.subarray(0, done)
    done += read
  }
  return bytes
}
