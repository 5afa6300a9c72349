// Loads the rows of all tables over several sessions, and reads back what could not be proven while loading.
import { HoldfastError } from '../core/errors.ts'
import { openReadSession } from '../instance/read-session.ts'
import { quoteName } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { ByteQuery } from './byte-rows.ts'
import type { SchemaContent, TableContent } from './content.ts'
import { logicalDialectOf } from './dialects.ts'
import { loadBatches } from './load-batches.ts'
import { importedExpression } from './imported-rows.ts'
import type { LoadOptions } from './load-logical.ts'
import { type RowLoad, RowLoader } from './load-rows.ts'
import { digestOf, readDigest } from './read-back.ts'
import { listRelations, readTable } from './table-definition.ts'

export interface LoadedRows {
  readonly rows: number
  readonly plainBytes: number
  readonly warnings: readonly string[]
}

interface TableRef {
  readonly schema: string
  readonly table: TableContent
}

/** @throws HoldfastError LOAD_MISMATCH, or what the server or the backup throws; the first failure stops all sessions */
export async function loadTables(
  options: LoadOptions,
  openSession: () => Promise<Connection>,
  isLocalInfileOn: boolean,
  schemas: readonly SchemaContent[],
): Promise<LoadedRows> {
  const { backup, signal, emit = () => undefined } = options
  const queue = await rowLoads(options, schemas)
  const totalBytes = queue.reduce((sum, job) => sum + bytesOf(job), 0)
  const unproven = new Set<TableContent>()
  let doneBytes = 0
  let rows = 0
  emit({ type: 'phase', phase: 'loading rows' })
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const pull = async (): Promise<void> => {
    await using session = await openSession()
    const loader = new RowLoader(session, backup, isLocalInfileOn, either)
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      // LOAD DATA takes character_set_database from the default schema.
      await session.run(`USE ${quoteName(job.schema)}`, { signal: either })
      if ((await loader.load(job)) === 'unproven') unproven.add(job.table)
      rows += job.batch.rows
      doneBytes += bytesOf(job)
      const detail = `${job.schema}.${job.table.name}`
      emit({
        type: 'progress',
        phase: 'loading rows',
        done: doneBytes,
        total: totalBytes,
        unit: 'bytes',
        detail,
      })
    }
  }
  const stopAll = (error: unknown) => {
    stop.abort(error)
  }
  await Promise.all(Array.from({ length: Math.max(1, options.threads ?? 2) }, () => pull().catch(stopAll)))
  signal?.throwIfAborted()
  if (stop.signal.aborted) throw stop.signal.reason
  const warnings = await readBack(options, schemas, unproven)
  return { rows, plainBytes: doneBytes, warnings }
}

/** The largest tables first, so that the end is not one session with a big one. */
async function rowLoads(
  { backup, signal }: LoadOptions,
  schemas: readonly SchemaContent[],
): Promise<RowLoad[]> {
  const tables: RowLoad[][] = []
  for (const schema of schemas) {
    for (const table of schema.tables) {
      if (table.object === undefined || table.rows === 0) continue
      const { chunks } = await backup.object(table.object, signal)
      const promised = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
      if (promised !== table.rows) {
        throw new HoldfastError(
          'VERIFY_FAILED',
          `the chunks of ${schema.name}.${table.name} hold ${promised} rows and its definition says ${table.rows}`,
          { schema: schema.name, table: table.name },
        )
      }
      tables.push(loadBatches(chunks).map((batch) => ({ schema: schema.name, table, batch })))
    }
  }
  return tables
    .map((jobs) => ({ jobs, bytes: jobs.reduce((sum, job) => sum + bytesOf(job), 0) }))
    .toSorted((a, b) => b.bytes - a.bytes)
    .flatMap(({ jobs }) => jobs)
}

function bytesOf({ batch }: RowLoad): number {
  return batch.chunks.reduce((sum, chunk) => sum + chunk.plainBytes, 0)
}

/**
 * Tables whose load proves too little: those that had to be loaded without strict mode, and those with JSON on MySQL, whose values of SQL
 * types (a DECIMAL, a DATE) cannot be written as text and become numbers and strings; where that shows in the text it is told.
 */
async function readBack(
  options: LoadOptions,
  schemas: readonly SchemaContent[],
  unproven: ReadonlySet<TableContent>,
): Promise<readonly string[]> {
  const { settings, backup, signal, emit = () => undefined } = options
  const refs: TableRef[] = schemas.flatMap((schema) =>
    schema.tables
      .filter((table) => table.rows > 0 && (unproven.has(table) || hasJson(table)))
      .map((table) => ({ schema: schema.name, table })),
  )
  if (refs.length === 0) return []
  emit({ type: 'phase', phase: 'reading back' })
  await using session = await openReadSession(settings, signal)
  const dialect = logicalDialectOf(session.flavour)
  const query = new ByteQuery()
  const warnings: string[] = []
  for (const { schema, table } of refs) {
    const relation = (await listRelations(session, schema)).find(({ name }) => name === table.name)
    if (relation === undefined || table.object === undefined) continue
    const target = await readTable(session, dialect, schema, relation, query)
    if (target.select === undefined) continue
    const select =
      table.isImported === true
        ? `SELECT ${table.columns.map(importedExpression).join(', ')} ${target.from}`
        : target.select
    await session.run('SET SESSION character_set_results = NULL', { signal })
    const found = await readDigest(session, select, signal)
    await session.run('SET SESSION character_set_results = utf8mb4', { signal })
    const wanted = digestOf(await backup.object(table.object, signal))
    if (found.rows === wanted.rows && found.rowHash === wanted.rowHash) continue
    if (found.rows === wanted.rows && hasJson(table)) {
      warnings.push(
        `${schema}.${table.name} holds JSON values of SQL types that text cannot carry (DECIMAL as 1.10): they were restored as plain JSON`,
      )
    } else {
      throw new HoldfastError(
        'LOAD_MISMATCH',
        `${schema}.${table.name} reads back with other rows than the backup has`,
        {
          schema,
          table: table.name,
          rows: found.rows,
          expectedRows: wanted.rows,
        },
      )
    }
  }
  return warnings
}

function hasJson(table: TableContent): boolean {
  return table.columns.some(({ encoding }) => encoding === 'json')
}
