// Restores a logical backup into a server: definitions, rows, code and accounts, in the order in which they need each other.
import type { BackupSource } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { openLoadSession } from '../instance/read-session.ts'
import { quoteName } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { type LogicalContent, parseLogicalContent, type SchemaContent, type TableContent } from './content.ts'
import { type LoadBatch, loadBatches } from './load-batches.ts'
import { loadBatch } from './load-rows.ts'
import { everything, type Selection, selectsSchema, selectsTable } from './selection.ts'

export interface LoadOptions {
  readonly settings: ConnectionSettings
  readonly backup: BackupSource
  /** Everything that the backup holds by default. */
  readonly selection?: Selection
  /** Sessions that load rows, 2 by default. */
  readonly threads?: number
  /** Keeps the load out of the target's binary log (sql_log_bin = 0); the target's setting otherwise. */
  readonly skipBinlog?: boolean
  readonly emit?: EmitEvent
  readonly signal?: AbortSignal
}

export interface LoadReport {
  readonly schemas: number
  readonly tables: number
  readonly rows: number
  readonly plainBytes: number
  readonly warnings: readonly string[]
}

/**
 * Creates and fills what is selected. The target must not have any of it yet.
 * @throws HoldfastError TARGET_NOT_EMPTY, VERSION_MISMATCH, LOAD_MISMATCH, PRIVILEGE_MISSING, SERVER_ERROR, CONNECTION_LOST, VERIFY_FAILED
 */
export async function loadLogical(options: LoadOptions): Promise<LoadReport> {
  const { settings, backup, signal, emit = () => undefined, selection = everything } = options
  const content = parseLogicalContent(backup.content)
  await using control = await openSession(settings, options)
  const facts = await inspectInstance(control, signal === undefined ? {} : { signal })
  if (facts.flavour !== backup.origin.flavour) {
    throw new HoldfastError(
      'VERSION_MISMATCH',
      `a backup of ${backup.origin.flavour} cannot be restored into ${facts.flavour}`,
      {
        backup: backup.origin.flavour,
        target: facts.flavour,
      },
    )
  }
  const schemas = selectContent(content, selection)
  emit({ type: 'phase', phase: 'creating tables' })
  for (const schema of schemas) {
    await control.run(schema.ddl, { signal })
    await control.run(`USE ${quoteName(schema.name)}`, { signal })
    for (const table of schema.tables) await control.run(table.ddl, { signal })
  }
  const { rows, plainBytes } = await loadRows(options, control, schemas)
  return {
    schemas: schemas.length,
    tables: schemas.reduce((sum, schema) => sum + schema.tables.length, 0),
    rows,
    plainBytes,
    warnings: [],
  }
}

async function openSession(
  settings: ConnectionSettings,
  { skipBinlog, signal }: LoadOptions,
): Promise<Connection> {
  const session = await openLoadSession(settings, signal)
  if (skipBinlog === true) await session.run('SET SESSION sql_log_bin = 0', { signal })
  return session
}

function selectContent(content: LogicalContent, selection: Selection): readonly SchemaContent[] {
  return content.schemas
    .filter((schema) => selectsSchema(selection, schema.name))
    .map((schema) => ({
      ...schema,
      tables: schema.tables.filter((table) => selectsTable(selection, schema.name, table.name)),
    }))
}

interface RowJob {
  readonly schema: string
  readonly table: TableContent
  readonly batches: readonly LoadBatch[]
}

async function loadRows(
  options: LoadOptions,
  _control: Connection,
  schemas: readonly SchemaContent[],
): Promise<{ readonly rows: number; readonly plainBytes: number }> {
  const { backup, signal, settings, emit = () => undefined } = options
  const jobs: RowJob[] = []
  for (const schema of schemas) {
    for (const table of schema.tables) {
      if (table.object === undefined || table.rows === 0) continue
      const { chunks } = await backup.object(table.object, signal)
      jobs.push({ schema: schema.name, table, batches: loadBatches(chunks) })
    }
  }
  const queue = jobs.flatMap(({ schema, table, batches }) =>
    batches.map((batch) => ({ schema, table, batch })),
  )
  const totalBytes = queue.reduce(
    (sum, { batch }) => sum + batch.chunks.reduce((all, chunk) => all + chunk.plainBytes, 0),
    0,
  )
  let doneBytes = 0
  let rows = 0
  emit({ type: 'phase', phase: 'loading rows' })
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const pull = async (): Promise<void> => {
    await using session = await openSession(settings, options)
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      await session.run(`USE ${quoteName(job.schema)}`, { signal: either })
      await loadBatch(session, backup, job.schema, job.table, job.batch, either)
      rows += job.batch.rows
      doneBytes += job.batch.chunks.reduce((all, chunk) => all + chunk.plainBytes, 0)
      emit({
        type: 'progress',
        phase: 'loading rows',
        done: doneBytes,
        total: totalBytes,
        unit: 'bytes',
        detail: `${job.schema}.${job.table.name}`,
      })
    }
  }
  const workers = Array.from({ length: Math.max(1, options.threads ?? 2) }, () =>
    pull().catch((error: unknown) => {
      stop.abort(error)
      throw error
    }),
  )
  await Promise.allSettled(workers)
  signal?.throwIfAborted()
  if (stop.signal.aborted) throw stop.signal.reason
  return { rows, plainBytes: doneBytes }
}
