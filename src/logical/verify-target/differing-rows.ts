// Finds the rows that differ between chunks of the backup and what a statement reads on the target, whatever order each has them in.
import { type RowChunk, RowKernel } from '../../bytes/kernel/row-kernel.ts'
import type { BackupSource, ObjectChunk } from '../../core/backup.ts'
import type { Connection } from '../../wire/connection.ts'
import { readChunks } from '../read-back.ts'
import { type CellRule, comparedText } from './cell-rules.ts'
import { bucketOf, RowSketch, rowDigest, type Side } from './row-sketch.ts'
import { keyText, RowCutter } from './row-text.ts'

/** Rows that should be alike: a range of a table. */
export interface RowPart {
  readonly select: string
  readonly chunks: readonly NumberedChunk[]
}

export interface NumberedChunk extends ObjectChunk {
  /** Within its table, from 1. */
  readonly number: number
}

export interface CompareRequest {
  readonly backup: BackupSource
  /** A session for reading whose character_set_results is NULL. */
  readonly session: Connection
  readonly parts: readonly RowPart[]
  readonly rules?: readonly CellRule[]
  /** Where in a row its key is; empty: the whole row. */
  readonly key: readonly number[]
  readonly signal: AbortSignal | undefined
}

export interface OneSidedRow {
  readonly side: Side
  readonly row: Buffer
  /** How many of them the other side does not have. */
  readonly copies: number
  /** Of the backup's rows: the chunk it ends in. */
  readonly chunk: NumberedChunk | undefined
}

export interface DifferingRows {
  /** In the order of the backup, then of the target. */
  readonly rows: readonly OneSidedRow[]
  /** False: there are more. */
  readonly isAll: boolean
}

/**
 * Reads both sides twice, first to count and then to collect, so that memory does not grow with the table; with no difference, once. A row
 * is held whole while it is looked at.
 */
export async function differingRows(request: CompareRequest): Promise<DifferingRows> {
  const sketch = new RowSketch()
  await eachRow(request, ({ side, bucket, digest }) => sketch.add(side, bucket, digest))
  const { buckets, isAll } = sketch.differing()
  if (buckets.size === 0) return { rows: [], isAll }
  const unmatched = new Map<string, OneSidedRow>()
  await eachRow(request, (read) => {
    if (buckets.has(read.bucket)) match(unmatched, read)
  })
  return { rows: [...unmatched.values()], isAll }
}

interface ReadRow {
  readonly side: Side
  readonly row: Buffer
  readonly bucket: number
  readonly digest: Buffer
  readonly chunk: NumberedChunk | undefined
}

function match(unmatched: Map<string, OneSidedRow>, { side, row, digest, chunk }: ReadRow): void {
  const id = digest.toString('latin1')
  const held = unmatched.get(id)
  if (held === undefined) unmatched.set(id, { side, row: Buffer.from(row), copies: 1, chunk })
  else if (held.side === side) unmatched.set(id, { ...held, copies: held.copies + 1 })
  else if (held.copies > 1) unmatched.set(id, { ...held, copies: held.copies - 1 })
  else unmatched.delete(id)
}

async function eachRow(request: CompareRequest, take: (row: ReadRow) => void): Promise<void> {
  const { backup, session, parts, rules, key, signal } = request
  const kernel = new RowKernel()
  const takeFrom = (side: Side, row: Buffer, chunk?: NumberedChunk): void => {
    const digest = rowDigest(comparedText(row, rules))
    const bucket = bucketOf(key.length === 0 ? digest : rowDigest(keyText(row, key)))
    take({ side, row, bucket, digest, chunk })
  }
  for (const { select, chunks } of parts) {
    const stored = new RowCutter()
    for (const chunk of chunks) {
      stored.cut(await backup.getChunk(chunk.id, signal), (row) => takeFrom('backup', row, chunk))
    }
    const read = new RowCutter()
    const add = ({ bytes }: RowChunk): void => read.cut(bytes, (row) => takeFrom('target', row))
    await readChunks(session, select, signal, add, kernel)
  }
}
