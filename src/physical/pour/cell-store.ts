// How a whole cell is stored: not at all where it is as it was, as what changed of it, or as it is.
import type { BackupSink } from '../../core/backup.ts'
import { cellBytes } from '../grid.ts'
import {
  blockBytes,
  blockFingerprints,
  blocksOf,
  type CellDelta,
  type CellMemory,
  differingBlocks,
  type FileNotes,
  type KeptCell,
  type RememberedCell,
} from './cell-memory.ts'
import { takeOut, wholeCell } from './xor-cells.ts'

/** A sink for cells: what it remembers, where it does, spares most of the work. */
export interface CellSink extends BackupSink {
  readonly memory?: CellMemory
}

/** Shorter cells, which are whole small files, are stored as they are: there is little to gain, and 50,000 of them to remember. */
const minRememberedBytes = 4 * blockBytes

/** More than half of the blocks: the base is replaced, or deltas would cost more than it. */
const maxWholeBlocks = 8

/** Bytes of a cell that compresses to a half cost as much as half as many that differ here and there. */
const maxChangedBytes = cellBytes / 4

/** Of cells that are stored in one file. */
export class CellStore {
  readonly #sink: CellSink
  readonly #path: string
  #notes: FileNotes | undefined

  constructor(sink: CellSink, path: string) {
    this.#sink = sink
    this.#path = path
  }

  /** Undefined where there is nothing to remember. */
  get notes(): FileNotes | undefined {
    return this.#notes
  }

  /** `buffer` has room for a whole cell; what is behind `end` in it is made zeros. */
  async store(cell: number, buffer: Buffer, end: number): Promise<KeptCell> {
    const { memory } = this.#sink
    if (memory === undefined || end < minRememberedBytes) return this.#whole(buffer.subarray(0, end))
    buffer.fill(0, end)
    const content = memory.fingerprints.of(buffer)
    const before = memory.recall(this.#path, cell)
    const known = before !== undefined && (await memory.holds(before.base.id)) ? before : undefined
    const isSame = known?.content.equals(content) === true
    const remembered =
      isSame && (known.delta === undefined || (await memory.holds(known.delta.id)))
        ? known
        : await this.#changed(memory, known, buffer, content, end)
    ;(this.#notes ??= memory.begin()).note(cell, remembered)
    return remembered
  }

  async #changed(
    memory: CellMemory,
    known: RememberedCell | undefined,
    buffer: Buffer,
    content: Buffer,
    end: number,
  ): Promise<RememberedCell> {
    if (known !== undefined) {
      const change = memory.canRead
        ? await this.#difference(memory, known, buffer)
        : await this.#blocks(memory, known, buffer)
      if (change !== undefined) return { ...known, content, delta: change.delta }
    }
    const blocks = memory.canRead ? undefined : blockFingerprints(memory.fingerprints, buffer)
    return { ...(await this.#whole(buffer.subarray(0, end))), content, baseContent: content, blocks }
  }

  /** Of what changed since the base was stored, the difference. Undefined where the cell is better stored anew. */
  async #difference(
    memory: CellMemory,
    { base, baseContent }: RememberedCell,
    buffer: Buffer,
  ): Promise<{ readonly delta: CellDelta | undefined } | undefined> {
    const chunk = await memory.read(base.id)
    if (chunk === undefined) return undefined
    const under = wholeCell(chunk)
    if (!memory.fingerprints.of(under).equals(baseContent)) return undefined
    const { blocks, bytes, changedBytes } = takeOut(under, buffer)
    if (blocks === 0) return { delta: undefined }
    if (changedBytes > maxChangedBytes) return undefined
    const id = await this.#sink.putChunk(bytes)
    return { delta: { id, blocks, isXor: true } }
  }

  /** The blocks that changed since the base was stored, as they are. Undefined where the cell is better stored anew. */
  async #blocks(
    memory: CellMemory,
    { blocks: before }: RememberedCell,
    buffer: Buffer,
  ): Promise<{ readonly delta: CellDelta | undefined } | undefined> {
    if (before === undefined) return undefined
    const blocks = differingBlocks(before, blockFingerprints(memory.fingerprints, buffer))
    if (blocks === 0) return { delta: undefined }
    const numbers = blocksOf(blocks)
    if (numbers.length > maxWholeBlocks) return undefined
    const bytes = Buffer.concat(
      numbers.map((block) => buffer.subarray(block * blockBytes, (block + 1) * blockBytes)),
    )
    return { delta: { id: await this.#sink.putChunk(bytes), blocks, isXor: false } }
  }

  async #whole(bytes: Buffer): Promise<KeptCell> {
    return { base: { id: await this.#sink.putChunk(bytes), plainBytes: bytes.length }, delta: undefined }
  }
}
