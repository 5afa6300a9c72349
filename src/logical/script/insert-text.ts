// Rows of a table as INSERT statements for plain clients.
import type { BackupSource } from '../../core/backup.ts'
import type { TableContent } from '../content.ts'
import { type LoadBatch, loadBatches } from '../load-batches.ts'
import { insertHead } from '../load-statement.ts'
import { plainStatement } from './client-text.ts'
import { enumErrorFinder, withoutStrictMode } from './enum-errors.ts'
import { RowTuples, rowsOf } from './row-tuples.ts'

// 1 MiB, as mysqldump's net_buffer_length: few round trips, and far below max_allowed_packet of clients (16 MiB).
const statementBytes = 1024 * 1024
const end = Buffer.from(';\n')

/** One transaction for each batch: neither a flush for each statement nor one huge transaction. */
export async function* insertText(
  backup: BackupSource,
  schema: string,
  table: TableContent,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  if (table.object === undefined || table.rows === 0) return
  const { chunks } = await backup.object(table.object, signal)
  for (const batch of loadBatches(chunks)) {
    yield plainStatement('START TRANSACTION')
    yield* batchText(backup, schema, table, batch, signal)
    yield plainStatement('COMMIT')
  }
}

/** The bytes of a batch, chunk by chunk. */
export async function* batchBytes(
  backup: BackupSource,
  batch: LoadBatch,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  for (const chunk of batch.chunks) yield await backup.getChunk(chunk.id, signal)
}

async function* batchText(
  backup: BackupSource,
  schema: string,
  table: TableContent,
  batch: LoadBatch,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const head = Buffer.from(`${insertHead(schema, table)}\n`)
  const tuples = new RowTuples(table)
  const isEnumError = enumErrorFinder(table) ?? (() => false)
  let isStrict = true
  const close = (): Buffer => {
    const statement = [head, tuples.take(), end]
    const [before, after] = withoutStrictMode
    const text = isStrict ? statement : [before, ...statement, after]
    isStrict = true
    return Buffer.concat(text)
  }
  for await (const row of rowsOf(batchBytes(backup, batch, signal))) {
    if (tuples.length > 0 && tuples.length + row.length > statementBytes) yield close()
    if (isEnumError(row)) isStrict = false
    tuples.add(row)
  }
  if (tuples.length > 0) yield close()
}
