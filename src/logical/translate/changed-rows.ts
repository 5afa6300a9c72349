// A backup in which the rows of some tables are changed on their way out: chunk by chunk, counted and hashed anew.

import { addRowHashes, noRowsHash } from '../../bytes/kernel/row-hash.ts'
import { RowKernel } from '../../bytes/kernel/row-kernel.ts'
import type { BackupObject, BackupSource, ObjectChunk } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import { cellOf } from '../byte-rows.ts'
import { RowPackets } from '../import/row-packets.ts'
import { cellTexts } from '../verify-target/row-text.ts'
import { changedCells, type RowChange } from './row-change.ts'

const lineFeed = 0x0a
const nothing = Buffer.alloc(0)

interface ChangedChunk {
  /** Of the chunk as it is stored. */
  readonly id: string
  readonly change: RowChange
  /** The beginning of its first row, which the chunk before ends with. */
  readonly begun: Buffer
}

/** Chunks and rows of the objects for which there is a change; all others pass through. */
export class ChangedRows implements Pick<BackupSource, 'object' | 'getChunk'> {
  readonly #backup: BackupSource
  readonly #changes: ReadonlyMap<string, RowChange>
  readonly #objects = new Map<string, BackupObject>()
  readonly #chunks = new Map<string, ChangedChunk>()
  // 8.3 MiB: one for all, since no text is begun before another is done.
  readonly #kernel = new RowKernel()

  /** @param changes by the name of the object */
  constructor(backup: BackupSource, changes: ReadonlyMap<string, RowChange>) {
    this.#backup = backup
    this.#changes = changes
  }

  /** Reads all rows of a table that is changed, once, for their number and hash. */
  async object(name: string, signal?: AbortSignal): Promise<BackupObject> {
    const change = this.#changes.get(name)
    const object = await this.#backup.object(name, signal)
    if (change === undefined) return object
    const known = this.#objects.get(name) ?? (await this.#survey(object, change, signal))
    this.#objects.set(name, known)
    return known
  }

  async getChunk(id: string, signal?: AbortSignal): Promise<Buffer> {
    const chunk = this.#chunks.get(id)
    if (chunk === undefined) return this.#backup.getChunk(id, signal)
    const bytes = await this.#backup.getChunk(chunk.id, signal)
    return changedText(this.#kernel, wholeRows(chunk.begun, bytes).rows, chunk.change).bytes
  }

  async #survey(
    object: BackupObject,
    change: RowChange,
    signal: AbortSignal | undefined,
  ): Promise<BackupObject> {
    const chunks: ObjectChunk[] = []
    let begun: Buffer = nothing
    for (const [at, { id }] of object.chunks.entries()) {
      const { rows, rest } = wholeRows(begun, await this.#backup.getChunk(id, signal))
      const { bytes, count, rowHash } = changedText(this.#kernel, rows, change)
      if (count > 0) {
        const changed = `${object.name}#${at}`
        this.#chunks.set(changed, { id, change, begun })
        chunks.push({ id: changed, plainBytes: bytes.length, rows: count, rowHash })
      }
      begun = Buffer.from(rest)
    }
    if (begun.length > 0) {
      throw new HoldfastError('VERIFY_FAILED', `the rows of ${object.name} end within one`, {
        object: object.name,
      })
    }
    return { ...object, chunks }
  }
}

function wholeRows(begun: Buffer, bytes: Buffer): { readonly rows: Buffer; readonly rest: Buffer } {
  const end = bytes.lastIndexOf(lineFeed) + 1
  const rest = bytes.subarray(end)
  if (end === 0) return { rows: nothing, rest: Buffer.concat([begun, rest]) }
  const rows = begun.length === 0 ? bytes.subarray(0, end) : Buffer.concat([begun, bytes.subarray(0, end)])
  return { rows, rest }
}

interface ChangedText {
  readonly bytes: Buffer
  readonly count: number
  readonly rowHash: string
}

/** `rows`: whole ones, each with its LF. */
function changedText(kernel: RowKernel, rows: Buffer, change: RowChange): ChangedText {
  const packets = new RowPackets()
  let columns = 0
  for (let start = 0; start < rows.length; ) {
    const end = rows.indexOf(lineFeed, start)
    const cells = changedCells(cellTexts(rows.subarray(start, end)), change)
    start = end + 1
    if (cells === undefined) continue
    columns = cells.length
    packets.beginRow()
    for (const cell of cells) {
      const value = cellOf(cell)
      if (value === null) packets.null()
      else packets.cell(value)
    }
    packets.endRow()
  }
  return packets.rows === 0
    ? { bytes: nothing, count: 0, rowHash: noRowsHash }
    : textOf(kernel, packets, columns)
}

function textOf(kernel: RowKernel, packets: RowPackets, columns: number): ChangedText {
  kernel.begin(columns)
  const parts: Buffer[] = []
  const count = packets.rows
  let rowHash = noRowsHash
  const add = (chunk: { readonly bytes: Buffer; readonly rowHash: string }) => {
    parts.push(Buffer.from(chunk.bytes))
    rowHash = addRowHashes(rowHash, chunk.rowHash)
  }
  const input = packets.take()
  for (let at = 0; at < input.length; ) {
    const step = kernel.step(input.subarray(at))
    at += step.consumed
    if (step.kind === 'chunk') add(step.chunk)
    else if (step.consumed === 0) throw new Error('the kernel does not take whole packets')
  }
  const last = kernel.finish()
  if (last !== undefined) add(last)
  return { bytes: Buffer.concat(parts), count, rowHash }
}
