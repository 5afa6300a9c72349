// Which chunks go into one statement: whole rows, and not too many bytes.
import type { ObjectChunk } from '../core/backup.ts'

export interface LoadBatch {
  readonly chunks: readonly ObjectChunk[]
  readonly rows: number
}

// 64 MiB: many statements in a big table, so that work spreads and a retry is cheap, yet few enough that their cost is none. Also far below
// what Galera (wsrep_max_ws_size 2 GiB) and group replication (group_replication_transaction_size_limit 143 MiB) take in one transaction by
// default; where a target takes less, the loader halves (see batch-text.ts).
const batchBytes = 64 * 1024 * 1024

/** Chunks without a row end are the beginning of a row that goes on in the next chunk: they stay together. */
export function loadBatches(chunks: readonly ObjectChunk[], maxBytes = batchBytes): readonly LoadBatch[] {
  const batches: LoadBatch[] = []
  let batch: ObjectChunk[] = []
  let bytes = 0
  const close = () => {
    if (batch.length > 0)
      batches.push({ chunks: batch, rows: batch.reduce((sum, chunk) => sum + chunk.rows, 0) })
    batch = []
    bytes = 0
  }
  let isRowStart = true
  for (const chunk of chunks) {
    if (isRowStart && bytes + chunk.plainBytes > maxBytes) close()
    batch.push(chunk)
    bytes += chunk.plainBytes
    isRowStart = chunk.rows > 0
  }
  close()
  return batches
}
