// Reads a table back from the target and compares it with the manifest: rows and order-independent row hash.
import { addRowHashes, noRowsHash } from '../bytes/kernel/row-hash.ts'
import { RowKernel } from '../bytes/kernel/row-kernel.ts'
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
): Promise<RowDigest> {
  const kernel = new RowKernel()
  let rows = 0
  let rowHash = noRowsHash
  const add = (chunk: RowDigest) => {
    rows += chunk.rows
    rowHash = addRowHashes(rowHash, chunk.rowHash)
  }
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
  return { rows, rowHash }
}
