// Loads one batch of a table's chunks with LOAD DATA and checks the server's count against the manifest.
import { setTimeout as sleep } from 'node:timers/promises'
import type { BackupSource } from '../core/backup.ts'
import { HoldfastError } from '../core/errors.ts'
import type { Connection } from '../wire/connection.ts'
import type { OkResult } from '../wire/results.ts'
import { serverErrno } from '../wire/server-error.ts'
import type { TableContent } from './content.ts'
import type { LoadBatch } from './load-batches.ts'
import { loadStatement } from './load-statement.ts'

const deadlock = 1213 // ER_LOCK_DEADLOCK
const lockWaitTimeout = 1205 // ER_LOCK_WAIT_TIMEOUT
const attempts = 10

/** @throws HoldfastError LOAD_MISMATCH when not exactly the rows of the batch arrived, without any warning */
export async function loadBatch(
  connection: Connection,
  source: BackupSource,
  schema: string,
  table: TableContent,
  batch: LoadBatch,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const ok = await connection.loadData(loadStatement(schema, table), chunkBytes(source, batch, signal), {
        signal,
      })
      await checkLoad(connection, ok, schema, table, batch)
      return
    } catch (error) {
      // The statement was rolled back as a whole, if the engine can: then it may be tried again.
      const isRetryable = [deadlock, lockWaitTimeout].includes(serverErrno(error) ?? 0)
      if (!isRetryable || !table.isTransactional || attempt === attempts) throw error
      await sleep(2 ** attempt * 50, undefined, { signal })
    }
  }
}

/** Reads one chunk ahead, so that the server never waits for the repository. */
async function* chunkBytes(source: BackupSource, batch: LoadBatch, signal: AbortSignal | undefined) {
  let next: Promise<Buffer> | undefined
  for (let at = 0; at < batch.chunks.length; at++) {
    const current = next ?? fetch(source, batch, at, signal)
    next = at + 1 < batch.chunks.length ? fetch(source, batch, at + 1, signal) : undefined
    yield await current
  }
}

function fetch(
  source: BackupSource,
  batch: LoadBatch,
  at: number,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const chunk = batch.chunks[at]
  if (chunk === undefined) throw new RangeError(`batch has no chunk ${at}`)
  const bytes = source.getChunk(chunk.id, signal)
  // It is awaited when its turn comes; until then it must not count as unhandled.
  bytes.catch(() => undefined)
  return bytes
}

async function checkLoad(
  connection: Connection,
  ok: OkResult,
  schema: string,
  table: TableContent,
  batch: LoadBatch,
): Promise<void> {
  const [records, deleted, skipped, warnings] = ['Records', 'Deleted', 'Skipped', 'Warnings'].map((name) =>
    Number(new RegExp(`${name}: (\\d+)`).exec(ok.info)?.[1] ?? Number.NaN),
  )
  if (records === batch.rows && deleted === 0 && skipped === 0 && warnings === 0) return
  throw new HoldfastError(
    'LOAD_MISMATCH',
    `${schema}.${table.name} took ${ok.info.replaceAll(/\s+/g, ' ')} of ${batch.rows} rows${await warningText(connection)}`,
    { schema, table: table.name, rows: batch.rows, info: ok.info },
  )
}

export async function warningText(connection: Connection): Promise<string> {
  const rows = await connection.query('SHOW WARNINGS LIMIT 3')
  const texts = rows.map((row) => `${String(row['Code'])} ${String(row['Message'])}`)
  return texts.length === 0 ? '' : `: ${texts.join('; ')}`
}
