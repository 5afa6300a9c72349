// Restores a logical backup into a server: definitions, rows, code and accounts, in the order in which they need each other.
import type { BackupSource } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import type { EmitEvent } from '../core/events.ts'
import { HeldGlobals } from '../instance/held-globals.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { loadMode } from '../instance/load-mode.ts'
import { openLoadSession } from '../instance/read-session.ts'
import type { Connection } from '../wire/connection.ts'
import { refuseOtherDrops } from './arrival/agreed-drops.ts'
import { AppendedRows } from './arrival/appended-rows.ts'
import { orphanWarnings } from './arrival/orphan-rows.ts'
import { type OnExisting, planArrival } from './arrival/plan-arrival.ts'
import { parseLogicalContent, type TableContent } from './content.ts'
import { createDefinitions, type MendTable } from './create-definitions.ts'
import { planDeferral } from './deferred-indexes/plan-deferral.ts'
import { codeOf, codeOrder, selectContent } from './definition-statements.ts'
import { logicalDialectOf } from './dialects.ts'
import { checkLoaded } from './ledger/check-loaded.ts'
import type { LoadLedger } from './ledger/load-ledger.ts'
import { accountKey, createAccounts, grantAccounts, planAccounts } from './load-accounts.ts'
import { type LoadChange, LoadChanges } from './load-changes.ts'
import { CodeLoader, type LeftView, type OnRefused } from './load-code.ts'
import type { RelaxTarget } from './load-rows.ts'
import { loadTables } from './load-tables.ts'
import { checkVersion } from './load-target.ts'
import { MadeBefore } from './made-before.ts'
import { mendTablespace } from './mend-tablespace.ts'
import { isReadOnly, leftOpen, setReadOnly } from './read-only-schemas.ts'
import { refuseLostRoles } from './role-definers.ts'
import { everything, isWhole, type Selection } from './selection.ts'
import { refuseUnknownReferences } from './spatial-references.ts'
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
  /** Keeps on the target how far the load has come, so that it can be gone on with; without one, killed, it must be begun anew. */
  readonly ledger?: LoadLedger | undefined
  /** More is written behind it: no schema is READ ONLY yet. */
  readonly isReplayed?: boolean
  /** Takes code that the target refuses, which is an error without it. */
  readonly onRefused?: OnRefused | undefined
  readonly relax?: RelaxTarget | undefined
  readonly mend?: MendTable | undefined
  readonly emit?: EmitEvent
  readonly signal?: AbortSignal
}

export interface LoadReport {
  readonly schemas: number
  readonly tables: number
  /** Loaded by this run. */
  readonly rows: number
  /** Loaded by earlier runs, which this one has gone on from. */
  readonly rowsBefore: number
  readonly plainBytes: number
  /** What the target would not have as it is in the backup, of all runs. */
  readonly changes: readonly LoadChange[]
  readonly warnings: readonly string[]
}

/**
 * Creates and fills what is selected. The target must not have any of it yet, but for what an earlier run of the same load has brought;
 * that is checked before anything is changed.
 * @throws HoldfastError TARGET_NOT_EMPTY, TARGET_MISMATCH, VERSION_MISMATCH, LOAD_MISMATCH, PRIVILEGE_MISSING, SERVER_ERROR, CONNECTION_LOST, VERIFY_FAILED
 */
export async function loadLogical(options: LoadOptions): Promise<LoadReport> {
  const { settings, signal, ledger, emit = () => undefined, selection = everything } = options
  const content = parseLogicalContent(options.backup.content)
  const openSession = () => openTargetSession(settings, options)
  await using control = await openSession()
  const facts = await inspectInstance(control, signal === undefined ? {} : { signal })
  checkVersion(options.backup.origin, content, facts)
  const backup = withEndOfTime(options.backup, content, facts)
  const selected = selectContent(content, selection)
  const { wholeSchemas = selection.kind === 'tables' ? new Set() : undefined, onExisting } = options
  const begun = ledger?.begun
  const arrival = await planArrival(
    control,
    { schemas: selected, wholeSchemas, onExisting, parts: content.parts, begun: begun?.arrival },
    signal,
  )
  refuseOtherDrops(arrival.drops, options.agreedDrops ?? [])
  await refuseUnknownReferences(control, selected, signal)
  const ofAccounts = isWhole(selection) ? content.accounts : undefined
  const roleWarnings = await refuseLostRoles(control, selected, ofAccounts, signal)
  const accounts = ofAccounts ?? []
  const { schemas, present } = arrival
  const appended = new AppendedRows(arrival.appended)
  const dialect = logicalDialectOf(facts.flavour)
  const plan = await planAccounts(control, dialect, accounts, begun?.decisions.newAccounts)
  const made = begun === undefined ? MadeBefore.nothing : await MadeBefore.read(control, schemas)
  // Rows of a table that is gone are gone with it.
  const isThere = (schema: string, table: TableContent) =>
    appended.has(table) || made.has('table', schema, table.name)
  const loads = await tableLoads(backup, selected, signal, (schema, table) =>
    begun === undefined || !isThere(schema, table) ? [] : begun.loadedOf(schema, table),
  )
  if (begun !== undefined) {
    const told = loads.map(({ schema, table }) => ({ schema, table, isAppended: appended.has(table) }))
    await checkLoaded(control, begun, made, told, signal)
  }
  const created = loads.filter(({ table }) => !appended.has(table))
  const planned = planDeferral(created, options.deferFromBytes)
  // Only now is anything changed.
  const hasEvents = schemas.some((schema) => schema.events.length > 0)
  await using held = new AsyncDisposableStack()
  const hold = { settings, record: ledger, emit, signal }
  held.use(await HeldGlobals.hold(control, hasEvents ? [eventsOff] : [], hold))
  try {
    for (const { statement } of arrival.drops) await control.run(statement, { signal })
    if (begun === undefined) {
      const newAccounts = plan.toCreate.map(accountKey)
      await ledger?.begin({ found: arrival.found, newAccounts, schemas: schemas.map(({ name }) => name) })
    }
    for (const { schema, table } of created)
      if (begun !== undefined && !isThere(schema, table))
        await ledger?.forgetRows({ schema, name: table.name })
    emit({ type: 'phase', phase: 'creating schemas and tables' })
    await createAccounts(control, plan.toCreate)
    const changes = new LoadChanges(ledger)
    const mend: MendTable = (table, error) => mendTablespace(table, error) ?? options.mend?.(table, error)
    const definitions = { schemas, present, made, planned, mend, changes }
    const deferral = await createDefinitions(control, definitions, signal)
    const loaded = await loadTables({ ...options, backup }, openSession, {
      loads,
      deferral,
      appended,
      ledger,
      isLocalInfileOn: facts.isLocalInfileOn,
      isAutoIncrementLocked: facts.isAutoIncrementLocked,
      relax: options.relax,
      changes,
      isSameRelease: facts.release === content.server.release,
    })
    emit({ type: 'phase', phase: 'creating views, routines, triggers and events' })
    const code = new CodeLoader(control, hold, options.onRefused)
    const isPartial = !isWhole(selection) || !isWhole(content.selection)
    const views = schemas.flatMap((schema) =>
      made.codeLeft(schema.name, schema.views).map((view) => ({ schema, view })),
    )
    let viewsLeft: readonly LeftView[] = []
    for (const kind of codeOrder) {
      if (kind === 'views') viewsLeft = await code.createViews(views)
      else
        for (const schema of schemas)
          await code.createAll(schema, made.codeLeft(schema.name, codeOf(schema, kind)))
    }
    await code.finish({ sqlMode: loadMode })
    let grantWarnings = await grantAccounts(control, dialect, plan.toGrant)
    if (viewsLeft.length > 0) {
      // A view on another is made when the definer of that one has its grants, and may be granted itself.
      const still = await code.createViews(viewsLeft)
      await code.finish({ sqlMode: loadMode })
      if (still.length < viewsLeft.length) grantWarnings = await grantAccounts(control, dialect, plan.toGrant)
      code.giveUp(still, isPartial)
    }
    await dialect.giveUpRoles(control, plan.ours, accounts)
    const orphans = await orphanWarnings(control, arrival, signal)
    const readOnly = schemas.filter((schema) => !present.has(schema.name) && isReadOnly(schema))
    if (options.isReplayed !== true)
      for (const { name } of readOnly) await control.run(setReadOnly(name, true), { signal })
    return {
      schemas: schemas.length,
      tables: loads.length,
      rows: loaded.rows,
      rowsBefore: loaded.rowsBefore,
      plainBytes: loaded.plainBytes,
      changes: changes.all,
      warnings: [
        ...arrival.warnings,
        ...plan.warnings,
        ...roleWarnings,
        ...loaded.warnings,
        ...orphans,
        ...code.warnings,
        ...grantWarnings,
        ...(options.isReplayed === true ? readOnly.map(leftOpen) : []),
      ],
    }
  } catch (error) {
    for (const message of appended.leftBehind()) emit({ type: 'notice', level: 'warning', message })
    throw error
  }
}

const eventsOff = {
  name: 'event_scheduler',
  value: "'OFF'",
  neededFor: 'events would write into tables that are half loaded',
}

async function openTargetSession(
  settings: ConnectionSettings,
  { skipBinlog, ledger, signal }: LoadOptions,
): Promise<Connection> {
  const session = await openLoadSession(settings, signal)
  if (skipBinlog === true) await session.run('SET SESSION sql_log_bin = 0', { signal })
  await ledger?.join(session)
  return session
}
