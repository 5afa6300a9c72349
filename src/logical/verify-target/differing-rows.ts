// Finds the rows that differ between chunks of the backup and what a statement reads on the target, whatever order each has them in.
import { RowKernel } from '../../bytes/kernel/row-kernel.ts'
import type { BackupSource, ObjectChunk } from '../../core/backup.ts'
import type { Connection } from '../../wire/connection.ts'
import { readChunks } from '../read-back.ts'
import { type CellRule, comparedText } from './cell-rules.ts'
import { bucketOf, RowSketch, rowDigest, type Side } from './row-sketch.ts'
import { RowCutter } from './row-text.ts'

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
  await eachRow(request, (side, _, digest) => sketch.add(side, digest))
  const { buckets, isAll } = sketch.differing()
  if (buckets.size === 0) return { rows: [], isAll }
  const unmatched = new Map<string, OneSidedRow>()
  await eachRow(request, (side, row, digest, chunk) => {
    if (buckets.has(bucketOf(digest))) match(unmatched, side, { row, key: digest.toString('latin1'), chunk })
  })
  return { rows: [...unmatched.values()], isAll }
}

interface FoundRow {
  readonly row: Buffer
  readonly key: string
  readonly chunk: NumberedChunk | undefined
}

function match(unmatched: Map<string, OneSidedRow>, side: Side, { row, key, chunk }: FoundRow): void {
  const held = unmatched.get(key)
  if (held === undefined) unmatched.set(key, { side, row: Buffer.from(row), copies: 1, chunk })
  else if (held.side === side) unmatched.set(key, { ...held, copies: held.copies + 1 })
  else if (held.copies > 1) unmatched.set(key, { ...held, copies: held.copies - 1 })
  else unmatched.delete(key)
}

type TakeRow = (side: Side, row: Buffer, digest: Buffer, chunk: NumberedChunk | undefined) => void

async function eachRow(request: CompareRequest, take: TakeRow): Promise<void> {
  const { backup, session, parts, rules, signal } = request
  const kernel = new RowKernel()
  for (const { select, chunks } of parts) {
    const stored = new RowCutter()
    for (const chunk of chunks) {
      stored.cut(await backup.getChunk(chunk.id, signal), (row) =>
        take('backup', row, rowDigest(comparedText(row, rules)), chunk),
      )
    }
    const read = new RowCutter()
    const takeRead = (row: Buffer): void =>
      take('target', row, rowDigest(comparedText(row, rules)), undefined)
    await readChunks(session, select, signal, ({ bytes }) => read.cut(bytes, takeRead), kernel)
  }
}
