// Which chunks go into one statement: whole rows, and not too many bytes.
import type { ObjectChunk } from '../core/backup.ts'
import { type LoadedText, type TextPlace, type TextRun, textLeft } from './ledger/loaded-text.ts'

export interface LoadBatch {
  /** Where it begins in the text of its table: in the first of its chunks. */
  readonly start: TextPlace
  readonly chunks: readonly ObjectChunk[]
  readonly rows: number
}

// 64 MiB: many statements in a big table, so that work spreads and a retry is cheap, yet few enough that their cost is none. Also far below
// what Galera (wsrep_max_ws_size 2 GiB) and group replication (group_replication_transaction_size_limit 143 MiB) take in one transaction by
// default; where a target takes less, the loader halves (see batch-text.ts).
const batchBytes = 64 * 1024 * 1024

/**
 * Chunks without a row end are the beginning of a row that goes on in the next chunk: they stay together.
 * @param loaded what an earlier run has brought already
 */
export function loadBatches(
  chunks: readonly ObjectChunk[],
  loaded: readonly LoadedText[] = [],
  maxBytes = batchBytes,
): readonly LoadBatch[] {
  return textLeft(chunks, loaded).flatMap((run) => batchesOf(chunks, run, maxBytes))
}

export function bytesOf({ chunks, start }: LoadBatch): number {
  return chunks.reduce((sum, chunk) => sum + chunk.plainBytes, -start.offset)
}

function batchesOf(chunks: readonly ObjectChunk[], run: TextRun, maxBytes: number): readonly LoadBatch[] {
  const batches: LoadBatch[] = []
  let start = run.start
  let batch: ObjectChunk[] = []
  let bytes = 0
  const close = (next: number) => {
    const rows = batch.reduce((sum, chunk) => sum + chunk.rows, -start.rows)
    batches.push({ start, chunks: batch, rows })
    start = { chunk: next, offset: 0, rows: 0 }
    batch = []
    bytes = 0
  }
  let isRowStart = true
  for (const [at, chunk] of chunks.slice(run.start.chunk, run.endChunk).entries()) {
    const number = run.start.chunk + at
    if (isRowStart && batch.length > 0 && bytes + chunk.plainBytes > maxBytes) close(number)
    const before = number === start.chunk ? start : { offset: 0, rows: 0 }
    batch.push(chunk)
    bytes += chunk.plainBytes - before.offset
    isRowStart = chunk.rows - before.rows > 0
  }
  if (batch.length > 0) close(run.endChunk)
  return batches
}
