// Backs up a server, schemas or tables through SQL: definitions and rows as of one exact moment.
import type { BackupResult, BackupSink } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import type { RateLimit } from '../core/rate-limit.ts'
import type { LockChoice, LockRung, SnapshotRequest } from '../instance/consistent-snapshot.ts'
import { dialectOf } from '../instance/dialects.ts'
import { backupOrigin, inspectInstance } from '../instance/instance-facts.ts'
import { defaultLockBounds, type LockBounds, type LockWait } from '../instance/lock-wait.ts'
import { openReadSession } from '../instance/read-session.ts'
import type { Connection } from '../wire/connection.ts'
import type { AccountContent, LogicalContent, SchemaContent } from './content.ts'
import {
  changedTables,
  differences,
  readDefinitions,
  readSequences,
  type SchemaDefinition,
} from './definitions.ts'
import type { LogicalDialect } from './dialect.ts'
import { logicalDialectOf } from './dialects.ts'
import { applyFilters, type BackupFilters, isUnfiltered } from './filters/backup-filters.ts'
import { pinTime } from './filters/pinned-time.ts'
import { setMaskKey } from './masking/masked-value.ts'
import { keptSelection } from './name-case.ts'
import { preparedTransactions } from './prepared-transactions.ts'
import { readTables, type TableRows, tableBytes, tableObjectName } from './read-tables.ts'
import { everything, isWhole, type Selection } from './selection.ts'
import { readRowIds, swapsSince } from './swapped-tables.ts'
import { type OpenReader, readersHere, type TableReader } from './table-reader.ts'
import { unseenCode } from './unseen-code.ts'

export interface DumpOptions {
  readonly settings: ConnectionSettings
  readonly sink: BackupSink
  /** Everything by default. */
  readonly selection?: Selection
  /** What of the selection the backup holds; all of it by default. */
  readonly filters?: BackupFilters
  /** Sessions that read rows, 2 by default. */
  readonly threads?: number
  /** What reads where there are many rows, fewer than `threads` where they are not that many; otherwise sessions on this thread do. */
  readonly openReader?: OpenReader
  /** How fast rows may come to readers on this thread; `openReader` knows its own. */
  readonly rateLimit?: RateLimit | undefined
  /** From which amounts of data threads and ranges are worth what they cost. */
  readonly worth?: ReadingWorth
  readonly lockBounds?: LockBounds
  /** `auto` by default. */
  readonly locks?: LockChoice
  readonly emit?: EmitEvent
  readonly signal?: AbortSignal
}

export interface ReadingWorth {
  /** Of all tables together, for each thread. */
  readonly threadBytes: number
  /** A range of a table. */
  readonly rangeBytes: number
}

// A thread takes a tenth of a second of a processor to start, in which it would read 15 MiB, and this one alone does well with its pool for
// compression: two threads were as fast at 150 MiB (2 processors). Each range ends in a chunk that is cut short, so it should have 8 average chunks.
const defaultWorth: ReadingWorth = { threadBytes: 64 * 1024 * 1024, rangeBytes: 16 * 1024 * 1024 }

const shownSetup = 5

/**
 * Reads everything selected as of one moment, which is `point` of the result, and pours the rows into the sink, one object a table.
 * @throws HoldfastError LOCK_WAIT, TABLE_CHANGED, PRIVILEGE_MISSING, CONNECTION_LOST (nothing is ever read outside of the
 *   snapshot), UNSUPPORTED, SERVER_UNSUPPORTED, USAGE, or what the sink throws
 */
export async function dumpLogical(options: DumpOptions): Promise<BackupResult> {
  const { settings, signal, emit = () => undefined, filters = {} } = options
  await using sessions = new Sessions(settings, signal)
  const control = await sessions.open()
  const facts = await inspectInstance(control, signal === undefined ? {} : { signal })
  const selection = keptSelection(options.selection ?? everything, facts.lowerCaseTableNames)
  const dialect = logicalDialectOf(facts.flavour)
  emit({ type: 'phase', phase: 'reading definitions' })
  const guard = await sessions.open()
  const wait = lockWaitOf(options)
  const isGuarded = options.locks !== 'none' && (await dialectOf(facts.flavour).lockDefinitions(guard, wait))
  const readAll = () => readDefinitions(control, dialect, selection, signal)
  const all = await readAll()
  const expected = await applyFilters(control, all, filters, signal)
  emit({ type: 'phase', phase: 'taking a consistent snapshot' })
  await using readers = await openReaders(options, expected)
  const rowIds = isGuarded ? undefined : await readRowIds(control, dialect, signal)
  const snapshot = await dialectOf(facts.flavour).openSnapshot({
    workers: readers.all.map(({ session }) => session),
    openSession: () => sessions.open(),
    ...tablesToRead(expected),
    locks: options.locks ?? 'auto',
    guard: isGuarded ? guard : undefined,
    ...wait,
  })
  const isAnew = snapshot.isGuardedAnew === true
  const before = isAnew ? await applyFilters(control, await readAll(), filters, signal) : expected
  if (isAnew) checkUnchanged(notHeld(before, expected, snapshot.rung), 'began')
  const prepared = await preparedTransactions(control, { signal })
  // Without a lock on definitions they must be the same on both sides of the snapshot; then they are those of the snapshot.
  if (!isGuarded) {
    checkUnchanged(differences(all, await readAll()), 'began')
  }
  if (filters.maskKey !== undefined) {
    const statement = setMaskKey(filters.maskKey)
    await Promise.all(readers.all.map(({ session }) => session.run(statement, { signal })))
  }
  const unpinned = await pinTime(readers.all, before, snapshot.point.timeMicros, signal)
  const objects = await readTables({
    schemas: before,
    control,
    readers: readers.all,
    snapshot,
    isGuarded,
    minRangeBytes: (options.worth ?? defaultWorth).rangeBytes,
    emit,
    signal,
  })
  if (isGuarded) await guard.ping({ signal })
  const swaps = rowIds === undefined ? undefined : await swapsSince(control, dialect, rowIds, before, signal)
  // A table that was swapped for another is read without an error.
  if (swaps !== undefined) {
    const changed = await changedTables(control, dialect, before, signal)
    checkUnchanged([...new Set([...changed, ...swaps.swapped])], 'was taken')
  }
  const schemas: SchemaContent[] = []
  for (const schema of before) {
    schemas.push(schemaContent(schema, await readSequences(control, dialect, schema), objects))
  }
  const isAll = selection.kind === 'everything' && filters.parts !== 'data'
  const accounts = isAll ? await readAccounts(control, dialect) : { warnings: [] }
  const notCarried = isAll ? await dialect.readNotCarried(control) : { warnings: [], setup: [] }
  if (notCarried.setup.length > 0) {
    const message = `what the server is set up with is not part of the backup: ${firstOf(notCarried.setup)}`
    emit({ type: 'notice', level: 'info', message })
  }
  const content: LogicalContent = {
    format: 1,
    selection,
    ...(filters.parts === undefined ? {} : { parts: filters.parts }),
    server: { release: facts.release, lowerCaseTableNames: facts.lowerCaseTableNames },
    snapshot: {
      rung: snapshot.rung,
      heldMs: snapshot.heldMs,
      definitions: isGuarded ? 'locked' : 'compared',
    },
    schemas,
    ...(accounts.accounts === undefined ? {} : { accounts: [...accounts.accounts] }),
    ...(notCarried.setup.length === 0 ? {} : { setup: [...notCarried.setup] }),
  }
  return {
    kind: 'logical',
    method: 'dump',
    origin: backupOrigin(facts),
    point: snapshot.point,
    // The log tells of all schemas, tables and rows, and of values as they were.
    isPartial: !isWhole(selection) || !isUnfiltered(filters),
    content,
    objects: [...objects.values()].map(({ object }) => object),
    warnings: [
      ...before.flatMap((schema) => schema.warnings),
      ...(filters.parts === 'data' ? [] : before.flatMap((schema) => unseenCode(facts, selection, schema))),
      ...prepared,
      ...unpinned,
      ...(options.locks === 'none' ? unlockedTables(before) : []),
      ...(swaps?.warnings ?? []),
      ...accounts.warnings,
      ...notCarried.warnings,
    ],
  }
}

/** The backup has them all. */
function firstOf(names: readonly string[]): string {
  const more = names.length - shownSetup
  const shown = names.slice(0, shownSetup).join(', ')
  return more > 0 ? `${shown} … and ${more} more (holdfast show ID)` : shown
}

async function readAccounts(
  control: Connection,
  dialect: LogicalDialect,
): Promise<{ readonly accounts?: readonly AccountContent[]; readonly warnings: readonly string[] }> {
  try {
    return { accounts: await dialect.readAccounts(control), warnings: [] }
  } catch (error) {
    if (!isHoldfastError(error, 'PRIVILEGE_MISSING')) throw error
    return {
      warnings: ['accounts and grants are not part of the backup: the account lacks SELECT on mysql.*'],
    }
  }
}

/** All sessions of a dump: closed together, and dropped together when it fails. */
class Sessions implements AsyncDisposable {
  readonly #settings: ConnectionSettings
  readonly #signal: AbortSignal | undefined
  readonly #open: Connection[] = []

  constructor(settings: ConnectionSettings, signal: AbortSignal | undefined) {
    this.#settings = settings
    this.#signal = signal
  }

  async open(): Promise<Connection> {
    const session = await openReadSession(this.#settings, this.#signal)
    this.#open.push(session)
    return session
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((session) => session.close()))
  }
}

interface Readers extends AsyncDisposable {
  readonly all: readonly TableReader[]
}

async function openReaders(options: DumpOptions, schemas: readonly SchemaDefinition[]): Promise<Readers> {
  const { settings, sink, rateLimit, signal } = options
  const here = readersHere(settings, sink, rateLimit)
  const { threadBytes } = options.worth ?? defaultWorth
  const asked = Math.max(1, options.threads ?? 2)
  const worthwhile = threadBytes === 0 ? asked : Math.floor(tableBytes(schemas) / threadBytes)
  const onThreads = worthwhile < 2 ? undefined : options.openReader
  const readers =
    onThreads === undefined
      ? Array.from({ length: asked }, () => here(signal))
      : Array.from({ length: Math.min(asked, worthwhile) }, () => onThreads(signal))
  const opened = await Promise.allSettled(readers)
  const all = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const own = {
    all,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((reader) => reader[Symbol.asyncDispose]()))
    },
  }
  for (const result of opened) {
    if (result.status === 'fulfilled') continue
    await own[Symbol.asyncDispose]()
    throw result.reason
  }
  return own
}

function tablesToRead(
  schemas: readonly SchemaDefinition[],
): Pick<SnapshotRequest, 'tables' | 'nonTransactional'> {
  const tables = schemas.flatMap((schema) =>
    schema.tables
      .filter((table) => table.select !== undefined)
      .map((table) => ({ schema: schema.name, name: table.name, isTransactional: table.isTransactional })),
  )
  return { tables, nonTransactional: tables.filter((table) => !table.isTransactional) }
}

/**
 * Tables that nobody has locked, because they were not there or not such as they are when the locks were taken: those that know no snapshot, and
 * all where the moment is one of locked tables.
 */
function notHeld(
  schemas: readonly SchemaDefinition[],
  held: readonly SchemaDefinition[],
  rung: LockRung,
): readonly string[] {
  const which = rung === 'lock-tables' ? 'tables' : 'nonTransactional'
  const [needed, locked] = [schemas, held].map((each) =>
    tablesToRead(each)[which].map(({ schema, name }) => `${schema}.${name}`),
  )
  const isLocked = new Set(locked)
  return needed?.filter((name) => !isLocked.has(name)) ?? []
}

function lockWaitOf({
  lockBounds = defaultLockBounds,
  emit = () => undefined,
  signal,
}: DumpOptions): LockWait {
  return { bounds: lockBounds, emit, ...(signal === undefined ? {} : { signal }) }
}

/** Those that know no snapshot, and were read while others may have written. */
function unlockedTables(schemas: readonly SchemaDefinition[]): readonly string[] {
  return schemas.flatMap(({ name, tables }) =>
    tables
      .filter((table) => table.select !== undefined && !table.isTransactional)
      .map(
        (table) =>
          `${name}.${table.name} knows no transactions and was read without a lock: it may be of another moment`,
      ),
  )
}

function checkUnchanged(changed: readonly string[], when: string): void {
  if (changed.length === 0) return
  throw new HoldfastError(
    'TABLE_CHANGED',
    `changed while the backup ${when}: ${changed.slice(0, 10).join(', ')}`,
    {
      changed: changed.length,
    },
  )
}

function schemaContent(
  schema: SchemaDefinition,
  sequences: SchemaContent['sequences'],
  objects: ReadonlyMap<string, TableRows>,
): SchemaContent {
  return {
    name: schema.name,
    ddl: schema.ddl,
    collation: schema.collation,
    sequences,
    tables: schema.tables.map((table) => {
      const read =
        table.select === undefined ? undefined : objects.get(tableObjectName(schema.name, table.name))
      const isHiding = table.where !== undefined || table.columns.some(({ mask }) => mask !== undefined)
      return {
        name: table.name,
        ddl: table.ddl,
        engine: table.engine,
        isTransactional: table.isTransactional,
        ...(read === undefined ? {} : { object: read.object.name }),
        columns: [...table.columns],
        rows: read?.object.chunks.reduce((sum, chunk) => sum + chunk.rows, 0) ?? 0,
        // The bounds of ranges are values of the source, which may be what a mask hides or a condition leaves out.
        ...(read === undefined || read.ranges.length < 2 || isHiding ? {} : { ranges: [...read.ranges] }),
        ...(read?.computed === undefined ? {} : { computed: read.computed }),
        ...(table.where === undefined || table.select === undefined ? {} : { where: table.where }),
        hasHistory: table.hasHistory,
        isInsertOnly: table.isInsertOnly,
        triggers: [...(schema.triggers.get(table.name) ?? [])],
      }
    }),
    views: [...schema.views],
    routines: [...schema.routines],
    events: [...schema.events],
  }
}
