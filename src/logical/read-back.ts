// Reads a table back from the target and compares it with the manifest: rows and order-independent row hash.
import { addRowHashes, noRowsHash } from '../bytes/kernel/row-hash.ts'
import { type RowChunk, RowKernel } from '../bytes/kernel/row-kernel.ts'
import type { BackupObject } from '../core/backup.ts'
import type { Connection } from '../wire/connection.ts'
import type { RawRowProgress } from '../wire/results.ts'

export interface RowDigest {
  readonly rows: number
  readonly rowHash: string
}

export function digestOf(object: BackupObject): RowDigest {
  return {
    rows: object.chunks.reduce((sum, chunk) => sum + chunk.rows, 0),
    rowHash: object.chunks.reduce((sum, chunk) => addRowHashes(sum, chunk.rowHash), noRowsHash),
  }
}

/** Runs `select` on a session for reading whose character_set_results is NULL. */
export async function readDigest(
  connection: Connection,
  select: string,
  signal: AbortSignal | undefined,
  onChunk: (chunk: RowChunk) => void = () => undefined,
  kernel = new RowKernel(),
): Promise<RowDigest> {
  let rows = 0
  let rowHash = noRowsHash
  const add = (chunk: RowChunk) => {
    rows += chunk.rows
    rowHash = addRowHashes(rowHash, chunk.rowHash)
    onChunk(chunk)
  }
  await readChunks(connection, select, signal, add, kernel)
  return { rows, rowHash }
}

/** Hands out the text of the rows in chunks, whose bytes are gone when the next one comes. */
export async function readChunks(
  connection: Connection,
  select: string,
  signal: AbortSignal | undefined,
  add: (chunk: RowChunk) => void,
  kernel: RowKernel,
): Promise<void> {
  await connection.queryRaw(
    select,
    {
      columns: (definitions) => kernel.begin(definitions.length),
      take: (bytes): RawRowProgress => {
        for (let at = 0; ; ) {
          const step = kernel.step(bytes.subarray(at))
          at += step.consumed
          if (step.kind === 'chunk') add(step.chunk)
          else if (step.kind === 'end') return { consumed: at, ended: true }
          else if (step.consumed === 0 || at === bytes.length) return { consumed: at, ended: false }
        }
      },
    },
    { signal },
  )
  const last = kernel.finish()
  if (last !== undefined) add(last)
}
