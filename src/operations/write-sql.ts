// Use case: dump a server as one SQL text, without a repository.
import { createHash, randomUUID } from 'node:crypto'
import { link, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import type { BackupOrigin } from '../core/backup.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { RecoveryPoint } from '../core/recovery-point.ts'
import type { LockChoice } from '../instance/consistent-snapshot.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { lockBoundsOf } from '../instance/lock-wait.ts'
import { dumpLogical } from '../logical/dump-logical.ts'
import { planScript } from '../logical/script/script-plan.ts'
import { sqlStream } from '../logical/script/sql-stream.ts'
import { syncFolder } from '../storage/durable-file.ts'
import { storeError, systemErrorCode } from '../storage/store-errors.ts'
import { Connection } from '../wire/connection.ts'
import { defaultThreads, rateLimitOf, type UseCase } from './backup-instance.ts'
import { type FilterRequest, parseFilters } from './parse-filters.ts'
import { type PartsRequest, parseSelection } from './parse-selection.ts'
import { requirePrivileges } from './require-privileges.ts'
import { TemporaryBackup } from './temporary-backup.ts'

export interface SqlRequest extends PartsRequest, FilterRequest {
  readonly settings: ConnectionSettings
  readonly threads?: number | undefined
  readonly locks?: LockChoice | undefined
  /** Of one attempt to take a lock. */
  readonly lockWaitSeconds?: number | undefined
  /** Of rows that come, over all connections. */
  readonly bytesPerSecond?: number | undefined
  /** A file that is not there yet, or where else each piece of the text goes. */
  readonly output: string | ((bytes: Buffer) => Promise<void>)
  /** Where rows wait, compressed, until all definitions are known; by default the system's folder for temporary files. */
  readonly spool?: string | undefined
}

export interface SqlReport {
  readonly origin: BackupOrigin
  readonly point: RecoveryPoint
  readonly schemas: number
  readonly tables: number
  readonly rows: number
  readonly sizeBytes: number
  /** Hex, of all of the text. */
  readonly sha256: string
}

/**
 * The rows are read to their end before the first byte of the text is written: locks and snapshot never wait for its reader.
 * @throws HoldfastError what connecting and dumping throw; USAGE when the file is there already, which is never half written
 */
export async function writeSql(request: SqlRequest, { emit, signal }: UseCase): Promise<SqlReport> {
  const { settings, threads = defaultThreads(), locks = 'auto', spool = tmpdir() } = request
  const selection = parseSelection(request)
  const filters = await parseFilters(request)
  await using output = await openOutput(request.output)
  emit({ type: 'phase', phase: 'connecting' })
  if (selection.kind === 'everything') await checkPrivileges(settings, locks, signal)
  await using rows = await TemporaryBackup.create(spool)
  const rateLimit = rateLimitOf(request.bytesPerSecond)
  const result = await dumpLogical({
    settings,
    selection,
    filters,
    sink: rows,
    threads,
    locks,
    lockBounds: lockBoundsOf(request.lockWaitSeconds),
    rateLimit,
    emit,
    signal,
  })
  const backup = rows.source(result)
  const plan = planScript(backup)
  for (const message of [...result.warnings, ...plan.warnings])
    emit({ type: 'notice', level: 'warning', message })
  emit({ type: 'phase', phase: 'writing SQL' })
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const text of sqlStream(plan, backup, { emit, signal })) {
    signal.throwIfAborted()
    hash.update(text)
    sizeBytes += text.length
    await output.write(text)
  }
  await output.finish()
  const all = plan.schemas.flatMap((schema) => schema.tables)
  return {
    origin: result.origin,
    point: result.point,
    schemas: plan.schemas.length,
    tables: all.length,
    rows: all.reduce((sum, table) => sum + table.rows, 0),
    sizeBytes,
    sha256: hash.digest('hex'),
  }
}

async function checkPrivileges(
  settings: ConnectionSettings,
  locks: LockChoice,
  signal: AbortSignal,
): Promise<void> {
  await using connection = await Connection.open(settings, { signal })
  // What an account may not see does not fail to be read: it is not there.
  const facts = await inspectInstance(connection, { signal })
  requirePrivileges(facts, 'backup', [], locks === 'none' ? ['LOCK TABLES'] : [])
}

interface Output extends AsyncDisposable {
  write(bytes: Buffer): Promise<void>
  finish(): Promise<void>
}

/** A file is written under another name beside it, and gets its own when it is whole and on disk. */
async function openOutput(output: SqlRequest['output']): Promise<Output> {
  if (typeof output === 'function') {
    return {
      write: output,
      finish: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  }
  const partial = `${output}.partial-${randomUUID()}`
  await refuseTaken(output)
  const handle = await open(partial, 'wx', 0o600).catch((error: unknown) => {
    throw new HoldfastError('FAILED', `cannot write ${output}`, { file: output }, { cause: error })
  })
  return {
    async write(bytes) {
      await handle.appendFile(bytes).catch((error: unknown) => {
        throw storeError(error, 'writing', output)
      })
    },
    async finish() {
      await handle.sync()
      await link(partial, output).catch((error: unknown) => {
        throw systemErrorCode(error) === 'EEXIST' ? taken(output) : storeError(error, 'writing', output)
      })
      await rm(partial)
      await syncFolder(dirname(output))
    },
    async [Symbol.asyncDispose]() {
      await handle.close()
      await rm(partial, { force: true })
    },
  }
}

/** Before anything is read: the answer after hours would be the same. */
async function refuseTaken(output: string): Promise<void> {
  const handle = await open(output, 'r').catch(() => undefined)
  if (handle === undefined) return
  await handle.close()
  throw taken(output)
}

function taken(output: string): HoldfastError {
  return new HoldfastError(
    'USAGE',
    `${output} exists already`,
    { file: output },
    { hint: 'Files are never overwritten: give another one with --output.' },
  )
}
