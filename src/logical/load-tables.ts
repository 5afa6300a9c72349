// Loads the rows of all tables over several sessions, adds indexes where they are due, and reads back what could not be proven while loading.
import { HoldfastError } from '../core/errors.ts'
import { RowProgress } from '../core/row-progress.ts'
import { openReadSession } from '../instance/read-session.ts'
import { quoteName } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import type { AppendedRows } from './arrival/appended-rows.ts'
import { ByteQuery } from './byte-rows.ts'
import { differingText, readComputed } from './computed-values.ts'
import type { TableContent } from './content.ts'
import { addForeignKeys, addIndexes, checkKeys } from './deferred-indexes/add-indexes.ts'
import type { Deferral } from './deferred-indexes/plan-deferral.ts'
import { logicalDialectOf } from './dialects.ts'
import { importedExpression } from './imported-rows.ts'
import type { LoadLedger } from './ledger/load-ledger.ts'
import type { LoadChanges } from './load-changes.ts'
import type { LoadOptions } from './load-logical.ts'
import { LoadProgress } from './load-progress.ts'
import { LoadQueue } from './load-queue.ts'
import { type RelaxTarget, type RowLoad, RowLoader } from './load-rows.ts'
import { digestOf, readDigest } from './read-back.ts'
import { listRelations, type Relation, readTable } from './table-definition.ts'
import { bytesLeft, rowsLoaded, type TableLoad } from './table-loads.ts'

export interface LoadedRows {
  readonly rows: number
  /** Of an earlier run. */
  readonly rowsBefore: number
  readonly plainBytes: number
  readonly warnings: readonly string[]
}

export interface LoadPlan {
  readonly loads: readonly TableLoad[]
  readonly deferral: Deferral
  readonly appended: AppendedRows
  readonly ledger: LoadLedger | undefined
  readonly isLocalInfileOn: boolean
  /** See InstanceFacts. */
  readonly isAutoIncrementLocked: boolean
  readonly relax?: RelaxTarget | undefined
  readonly changes: LoadChanges
  /** The target prints definitions as the source did. */
  readonly isSameRelease: boolean
}

/** @throws HoldfastError LOAD_MISMATCH, or what the server or the backup throws; the first failure stops all sessions */
export async function loadTables(
  options: LoadOptions,
  openSession: () => Promise<Connection>,
  plan: LoadPlan,
): Promise<LoadedRows> {
  const { backup, signal, emit = () => undefined } = options
  const { loads, deferral } = plan
  const count = Math.max(1, options.threads ?? 2)
  const queue = new LoadQueue(loads, deferral, { count, isExclusive: (table) => isExclusive(table, plan) })
  const totalBytes = loads.reduce((sum, { bytes }) => sum + bytes, 0)
  const unproven = new Set(loads.filter(isUnproven).map(({ table }) => table))
  for (const load of loads) plan.appended.add(load.table, rowsLoaded(load))
  const rowsBefore = loads.reduce((sum, load) => sum + rowsLoaded(load), 0)
  const bytesBefore = totalBytes - loads.reduce((sum, load) => sum + bytesLeft(load), 0)
  const indexedTables = loads.filter(({ table }) => (deferral.get(table)?.indexes.length ?? 0) > 0).length
  const progress = new LoadProgress({ emit, totalBytes, bytesBefore, indexedTables })
  let plainBytes = 0
  let rows = 0
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const pull = async (): Promise<void> => {
    await using session = await openSession()
    const loader = new RowLoader(session, backup, plan, either)
    const sending = progress.session()
    const load = async (job: RowLoad) => {
      // LOAD DATA takes character_set_database from the default schema.
      await session.run(`USE ${quoteName(job.schema)}`, { signal: either })
      const name = `${job.schema}.${job.table.name}`
      const outcome = await loader.load(job, {
        sent: (some, bytes) => sending.sent(some, bytes, name),
        came: (some, bytes) => {
          plan.appended.add(job.table, some)
          rows += some
          plainBytes += bytes
          sending.came(some, bytes, name)
        },
      })
      if (outcome === 'unproven') unproven.add(job.table)
    }
    for (let job = queue.next(); job !== undefined; job = queue.next(job)) {
      if (job.kind === 'rows') await load(job)
      else {
        const table = `${job.of.schema}.${job.of.table.name}`
        progress.indexesBegin(table)
        await addIndexes(session, job.of, either)
        progress.indexesCame(table)
      }
      queue.done(job)
    }
  }
  const stopAll = (error: unknown) => {
    stop.abort(error)
  }
  await Promise.all(Array.from({ length: count }, () => pull().catch(stopAll)))
  signal?.throwIfAborted()
  if (stop.signal.aborted) throw stop.signal.reason
  const keyWarnings = await completeKeys(options, openSession, plan)
  // Rows among others cannot be told from them.
  const refs = loads
    .filter(({ table }) => table.rows > 0 && !plan.appended.has(table))
    .map(({ schema, table }) => ({ schema, table, hasRows: unproven.has(table) || hasJson(table) }))
    .filter(({ table, hasRows }) => hasRows || table.computed !== undefined)
  const warnings = [...keyWarnings, ...(await readBack(options, refs))]
  return { rows, rowsBefore, plainBytes, warnings }
}

/** Foreign keys need the indexes of other tables; then all is there, and can be compared. */
async function completeKeys(
  { signal, emit = () => undefined }: LoadOptions,
  openSession: () => Promise<Connection>,
  { deferral, isSameRelease }: LoadPlan,
): Promise<readonly string[]> {
  if (deferral.size === 0) return []
  emit({ type: 'phase', phase: 'adding foreign keys' })
  await using session = await openSession()
  for (const deferred of deferral.values()) {
    // What a foreign key points to is looked for in the default schema.
    await session.run(`USE ${quoteName(deferred.schema)}`, { signal })
    await addForeignKeys(session, deferred, signal)
  }
  const warnings: string[] = []
  for (const deferred of deferral.values())
    warnings.push(...(await checkKeys(session, deferred, isSameRelease)))
  return warnings
}

interface ReadBack extends Pick<TableLoad, 'schema' | 'table'> {
  readonly hasRows: boolean
}

/**
 * Tables whose load proves too little: those that had to be loaded without strict mode, and those with JSON on MySQL, whose values of SQL
 * types (a DECIMAL, a DATE) cannot be written as text and become numbers and strings; where that shows in the text it is told. And
 * stored columns that may have other values than they had.
 */
async function readBack(options: LoadOptions, refs: readonly ReadBack[]): Promise<readonly string[]> {
  const { settings, backup, signal, emit = () => undefined } = options
  if (refs.length === 0) return []
  await using session = await openReadSession(settings, signal)
  const dialect = logicalDialectOf(session.flavour)
  const query = new ByteQuery()
  const warnings: string[] = []
  const schemas = new Map<string, ReadonlyMap<string, Relation>>()
  const total = await textBytes(
    backup,
    refs.filter(({ hasRows }) => hasRows),
    signal,
  )
  const progress = new RowProgress({
    emit,
    phase: 'reading back',
    expected: () => ({ total, isEstimate: true }),
  })
  for (const { schema } of refs) {
    if (!schemas.has(schema))
      schemas.set(schema, new Map((await listRelations(session, schema)).map((one) => [one.name, one])))
  }
  for (const { schema, table, hasRows } of refs) {
    const relation = schemas.get(schema)?.get(table.name)
    if (relation === undefined || table.object === undefined) continue
    const target = await readTable(session, dialect, schema, relation, query)
    if (target.select === undefined) continue
    if (table.computed !== undefined) {
      const found = await readComputed(session, table.computed.columns, target.from, { signal })
      if (found.digest !== table.computed.digest) warnings.push(differingText(schema, table.name, found))
    }
    if (!hasRows) continue
    const select =
      table.isImported === true
        ? `SELECT ${table.columns.map(importedExpression).join(', ')} ${target.from}`
        : target.select
    await session.run('SET SESSION character_set_results = NULL', { signal })
    const found = await readDigest(session, select, signal, ({ bytes, rows }) =>
      progress.add(bytes.length, rows, `${schema}.${table.name}`),
    )
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
  progress.finish()
  return warnings
}

async function textBytes(
  backup: LoadOptions['backup'],
  refs: readonly Pick<TableLoad, 'table'>[],
  signal: AbortSignal | undefined,
): Promise<number> {
  let bytes = 0
  for (const { table } of refs) {
    if (table.object === undefined) continue
    const { chunks } = await backup.object(table.object, signal)
    bytes += chunks.reduce((sum, chunk) => sum + chunk.plainBytes, 0)
  }
  return bytes
}

/** Whether sessions that load rows of this table would wait for each other. */
function isExclusive(
  { isTransactional, ddl }: TableContent,
  { isLocalInfileOn, isAutoIncrementLocked }: LoadPlan,
): boolean {
  return !isTransactional || (isLocalInfileOn && isAutoIncrementLocked && ddl.includes('AUTO_INCREMENT'))
}

function isUnproven({ loaded }: TableLoad): boolean {
  return loaded.some(({ isExact }) => !isExact)
}

function hasJson(table: TableContent): boolean {
  return table.columns.some(({ encoding }) => encoding === 'json')
}
