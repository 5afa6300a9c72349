// Restores a logical backup into a server: definitions, rows, code and accounts, in the order in which they need each other.
import type { BackupSource } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { pauseEventScheduler, resumeEventScheduler } from '../instance/event-scheduler.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { loadMode } from '../instance/load-mode.ts'
import { openLoadSession } from '../instance/read-session.ts'
import { quoteName } from '../instance/sql-text.ts'
import type { Connection } from '../wire/connection.ts'
import { serverErrno } from '../wire/server-error.ts'
import { refuseOtherDrops } from './arrival/agreed-drops.ts'
import { AppendedRows } from './arrival/appended-rows.ts'
import { orphanWarnings } from './arrival/orphan-rows.ts'
import { type OnExisting, planArrival } from './arrival/plan-arrival.ts'
import { parseLogicalContent, type SchemaContent, type TableContent } from './content.ts'
import { type DeferredTable, planDeferral } from './deferred-indexes/plan-deferral.ts'
import { codeOf, codeOrder, selectContent, sequenceStatements } from './definition-statements.ts'
import { logicalDialectOf } from './dialects.ts'
import { createAccounts, grantAccounts, planAccounts } from './load-accounts.ts'
import { CodeLoader, type OnRefused } from './load-code.ts'
import type { RelaxTarget } from './load-rows.ts'
import { loadTables } from './load-tables.ts'
import { checkVersion } from './load-target.ts'
import { everything, isWhole, type Selection } from './selection.ts'
import { tableLoads } from './table-loads.ts'
import { withEndOfTime } from './translate/end-of-time.ts'

export interface LoadOptions {
  readonly settings: ConnectionSettings
  readonly backup: BackupSource
  /** Everything that the backup holds by default. Accounts come only with everything. */
  readonly selection?: Selection
  /** What to do about what the target has already; `fail` by default. */
  readonly onExisting?: OnExisting | undefined
  /** Schemas in which nothing but what is restored may be; by default all, unless single tables are selected. */
  readonly wholeSchemas?: ReadonlySet<string> | undefined
  /** With `drop`: names that may be dropped, and nothing else; see Drop. */
  readonly agreedDrops?: readonly string[] | undefined
  /** Sessions that load rows, 2 by default. */
  readonly threads?: number
  /** Tables with as many bytes of text get their secondary indexes when their rows are in; see plan-deferral.ts for the default. */
  readonly deferFromBytes?: number
  /** Keeps the load out of the target's binary log (sql_log_bin = 0); the target's setting otherwise. */
  readonly skipBinlog?: boolean
  /** Leaves the event scheduler off at the end, for whoever replays binary logs next; see LoadReport.pausedEvents. */
  readonly keepEventsPaused?: boolean
  /** Takes code that the target refuses, which is an error without it. */
  readonly onRefused?: OnRefused | undefined
  readonly relax?: RelaxTarget | undefined
  readonly emit?: EmitEvent
  readonly signal?: AbortSignal
}

export interface LoadReport {
  readonly schemas: number
  readonly tables: number
  readonly rows: number
  readonly plainBytes: number
  readonly warnings: readonly string[]
  /** True when the event scheduler was running before and is off now: resumeEventScheduler is due. */
  readonly pausedEvents: boolean
}

/**
 * Creates and fills what is selected. The target must not have any of it yet; that is checked before anything is changed.
 * @throws HoldfastError TARGET_NOT_EMPTY, VERSION_MISMATCH, LOAD_MISMATCH, PRIVILEGE_MISSING, SERVER_ERROR, CONNECTION_LOST, VERIFY_FAILED
 */
export async function loadLogical(options: LoadOptions): Promise<LoadReport> {
  const { settings, signal, emit = () => undefined, selection = everything } = options
  const content = parseLogicalContent(options.backup.content)
  const openSession = () => openTargetSession(settings, options)
  await using control = await openSession()
  const facts = await inspectInstance(control, signal === undefined ? {} : { signal })
  checkVersion(options.backup.origin, content, facts)
  const backup = withEndOfTime(options.backup, content, facts)
  const selected = selectContent(content, selection)
  const { wholeSchemas = selection.kind === 'tables' ? new Set() : undefined, onExisting } = options
  const arrival = await planArrival(
    control,
    { schemas: selected, wholeSchemas, onExisting, parts: content.parts },
    signal,
  )
  refuseOtherDrops(arrival.drops, options.agreedDrops ?? [])
  const { schemas, present } = arrival
  const appended = new AppendedRows(arrival.appended)
  const accounts = isWhole(selection) ? (content.accounts ?? []) : []
  const dialect = logicalDialectOf(facts.flavour)
  const plan = await planAccounts(control, dialect, accounts)
  const loads = await tableLoads(backup, selected, signal)
  const created = loads.filter(({ table }) => !appended.has(table))
  const planned = planDeferral(created, options.deferFromBytes)
  // Only now is anything changed.
  const hasEvents = schemas.some((schema) => schema.events.length > 0) || options.keepEventsPaused === true
  const wasRunning = hasEvents && (await pauseEventScheduler(control, { signal }))
  const mustResume = wasRunning && options.keepEventsPaused !== true
  try {
    for (const { statement } of arrival.drops) await control.run(statement, { signal })
    emit({ type: 'phase', phase: 'creating schemas and tables' })
    await createAccounts(control, plan.toCreate)
    const deferral = new Map<TableContent, DeferredTable>()
    for (const schema of schemas) {
      await createSchema(control, schema, present.has(schema.name), signal)
      for (const table of schema.tables) {
        const deferred = await createTable(control, table, planned.get(table), signal).catch(
          (error: unknown) => {
            throw named(`table ${schema.name}.${table.name}`, error)
          },
        )
        if (deferred !== undefined) deferral.set(table, deferred)
      }
    }
    const loaded = await loadTables({ ...options, backup }, openSession, {
      loads,
      deferral,
      appended,
      isLocalInfileOn: facts.isLocalInfileOn,
      relax: options.relax,
      isSameRelease: facts.release === content.server.release,
    })
    emit({ type: 'phase', phase: 'creating views, routines, triggers and events' })
    const code = new CodeLoader(control, signal, options.onRefused)
    const isPartial = !isWhole(selection) || !isWhole(content.selection)
    for (const kind of codeOrder) {
      if (kind === 'views') await code.createViews(schemas, isPartial)
      else for (const schema of schemas) await code.createAll(schema, codeOf(schema, kind))
    }
    await code.finish({ sqlMode: loadMode })
    const grantWarnings = await grantAccounts(control, plan.toGrant)
    await dialect.giveUpRoles(control, plan.toCreate, accounts)
    const orphans = await orphanWarnings(control, arrival, signal)
    if (mustResume) await resumeEventScheduler(control, { signal })
    return {
      schemas: schemas.length,
      tables: loads.length,
      rows: loaded.rows,
      plainBytes: loaded.plainBytes,
      warnings: [
        ...arrival.warnings,
        ...plan.warnings,
        ...loaded.warnings,
        ...orphans,
        ...code.warnings,
        ...grantWarnings,
      ],
      pausedEvents: wasRunning && options.keepEventsPaused === true,
    }
  } catch (error) {
    for (const message of appended.leftBehind()) emit({ type: 'notice', level: 'warning', message })
    // The failure is what is told, also where the server is gone and nothing can be resumed.
    if (mustResume) await resumeAfterFailure(settings).catch(() => undefined)
    throw error
  }
}

/** Over a session of its own: that of the load may be lost, or cut off by the signal. */
async function resumeAfterFailure(settings: ConnectionSettings): Promise<void> {
  await using session = await openLoadSession(settings)
  await resumeEventScheduler(session)
}

async function openTargetSession(
  settings: ConnectionSettings,
  { skipBinlog, signal }: LoadOptions,
): Promise<Connection> {
  const session = await openLoadSession(settings, signal)
  if (skipBinlog === true) await session.run('SET SESSION sql_log_bin = 0', { signal })
  return session
}

async function createSchema(
  connection: Connection,
  schema: SchemaContent,
  isPresent: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = { signal }
  if (!isPresent) await connection.run(schema.ddl, options)
  await connection.run(`USE ${quoteName(schema.name)}`, options)
  for (const statement of sequenceStatements(schema)) await connection.run(statement, options)
}

/** What a server says of a definition does not always name it. */
function named(object: string, error: unknown): unknown {
  if (!(error instanceof HoldfastError) || serverErrno(error) === undefined) return error
  const { code, message, details, hint } = error
  return new HoldfastError(
    code,
    `${object} cannot be created: ${message}`,
    { ...details, object },
    { cause: error, hint },
  )
}

/**
 * Foreign keys that are not added later come with their tables: checks are off, so neither order nor rows matter, and the rows come from
 * one consistent moment. Answers what is to be added later.
 */
async function createTable(
  connection: Connection,
  table: TableContent,
  deferred: DeferredTable | undefined,
  signal: AbortSignal | undefined,
): Promise<DeferredTable | undefined> {
  if (deferred !== undefined) {
    try {
      await connection.run(deferred.create, { signal })
      return deferred
    } catch (error) {
      // A table of another schema may have been waiting for it with a foreign key to one of the keys.
      if (serverErrno(error) === undefined) throw error
    }
  }
  await connection.run(table.ddl, { signal })
  return undefined
}
