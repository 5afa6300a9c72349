// `holdfast backup`: takes a backup and tells what it gives.

import { formatBytes } from '../../core/byte-size.ts'
import { counted } from '../../core/counted.ts'
import { HoldfastError } from '../../core/errors.ts'
import { backupInstance } from '../../operations/backup-instance.ts'
import {
  explainLocks,
  type LockChoice,
  lockChoice,
  type PlannedLock,
} from '../../operations/explain-locks.ts'
import type { FilterRequest } from '../../operations/parse-filters.ts'
import type { PartsRequest } from '../../operations/parse-selection.ts'
import { writeSql } from '../../operations/write-sql.ts'
import { connectionSettings, repositoryAccess, sourceName } from '../access.ts'
import { formatMicros } from '../output/time.ts'
import type { VerbContext, VerbRun } from '../verb.ts'
import { runBackupAuto } from './backup-auto.ts'
import { runBackupClone } from './backup-clone.ts'
import { runBackupDirectory } from './backup-directory.ts'
import { describeBackupDone } from './backup-done.ts'
import { runBackupHot } from './backup-hot.ts'
import { runBackupSnapshot } from './backup-snapshot.ts'
import { runBackupWithProgram } from './backup-with-program.ts'

export const run: VerbRun = (context) => {
  const method = context.options.text('method') ?? 'dump'
  refuseFileOptions(context, method)
  return method === 'auto' ? runBackupAuto(context, runOf) : runOf(method)(context)
}

const runRows: VerbRun = (context) => {
  if (context.options.flag('explain-locks')) return runExplain(context)
  return context.options.text('format') === 'sql' ? runSql(context) : runBackup(context)
}

function runOf(method: string): VerbRun {
  return runsOfFiles[method] ?? runRows
}

const runsOfFiles: Readonly<Record<string, VerbRun>> = {
  clone: runBackupClone,
  hot: runBackupHot,
  'mariadb-backup': runBackupWithProgram,
  cold: runBackupDirectory,
  snapshot: runBackupSnapshot,
}

const runExplain: VerbRun = async (context) => {
  const { options, signal } = context
  const settings = await connectionSettings(context, context.arguments[0])
  const plan = await explainLocks(
    {
      settings,
      ...partsOf(context),
      isStructureOnly: options.flag('structure-only'),
      ...locksOf(context),
    },
    signal,
  )
  const text = [
    'This backup would take:',
    ...plan.locks.map(lockLines),
    ...(plan.otherwise.length === 0 ? [] : ['Where that cannot be had:', ...plan.otherwise.map(lockLines)]),
  ].join('\n')
  return { text, json: { ...plan } }
}

function lockLines({ statement, effect }: PlannedLock): string {
  return `  ${statement}\n    ${effect}`
}

function partsOf({ options }: VerbContext): PartsRequest {
  return {
    schemas: options.list('schemas'),
    tables: options.list('tables'),
    exclude: options.list('exclude'),
  }
}

function filtersOf({ options }: VerbContext): FilterRequest {
  return {
    where: options.list('where'),
    isStructureOnly: options.flag('structure-only'),
    isDataOnly: options.flag('data-only'),
    masks: options.list('mask'),
    maskKeyFile: options.text('mask-key'),
  }
}

function locksOf({ options }: VerbContext): { locks: LockChoice; lockWaitSeconds: number | undefined } {
  const locks = lockChoice(options.flag('no-locks'), options.flag('lock-all-tables'))
  const lockWaitSeconds = options.integer('lock-wait')
  if (locks === 'none' && lockWaitSeconds !== undefined) {
    throw new HoldfastError('USAGE', '--lock-wait is for locks, and --no-locks takes none')
  }
  return { locks, lockWaitSeconds }
}

const runBackup: VerbRun = async (context) => {
  refuseOutput(context)
  const { options, emit, signal } = context
  const settings = await connectionSettings(context, context.arguments[0])
  const source = sourceName(context, settings)
  const backup = await backupInstance(
    {
      access: repositoryAccess(context),
      settings,
      source,
      method: 'dump',
      ...partsOf(context),
      ...filtersOf(context),
      threads: options.integer('threads'),
      ...locksOf(context),
      bytesPerSecond: options.bytes('rate-limit'),
    },
    { emit, signal },
  )
  return { text: describeBackupDone(source, backup, options.bytes('rate-limit')), json: { source, backup } }
}

const runSql: VerbRun = async (context) => {
  const { options, emit, signal, say, writeOutput } = context
  const output = options.required('output')
  const isStdout = output === '-'
  if (isStdout && options.flag('json')) {
    throw new HoldfastError('USAGE', '--json needs stdout, and so does --output -')
  }
  if (options.integer('compress-level') !== undefined) {
    throw new HoldfastError('USAGE', '--compress-level is of a repository; the SQL text is not compressed')
  }
  const settings = await connectionSettings(context, context.arguments[0])
  const report = await writeSql(
    {
      settings,
      ...partsOf(context),
      ...filtersOf(context),
      threads: options.integer('threads'),
      ...locksOf(context),
      bytesPerSecond: options.bytes('rate-limit'),
      spool: options.text('spool'),
      output: isStdout ? writeOutput : output,
    },
    { emit, signal },
  )
  const { rows, tables, sizeBytes, point } = report
  const counts = `${counted(rows, 'row')} of ${counted(tables, 'table')}`
  const text = `${counts} as of ${formatMicros(point.timeMicros)} are in ${isStdout ? 'the SQL on stdout' : output}: ${formatBytes(sizeBytes)}.`
  if (isStdout) say(text)
  return {
    text: isStdout ? '' : `${text}\nNext: mysql --binary-mode --comments < ${output}`,
    json: { output, ...report },
  }
}

function refuseOutput({ options }: VerbContext): void {
  if (options.text('output') === undefined) return
  throw new HoldfastError('USAGE', '--output goes with --format sql; a backup goes into a repository')
}

/** Options of backups that read files, and the methods they go with. */
const fileOptions: Readonly<Record<string, readonly string[]>> = {
  datadir: ['cold', 'hot', 'snapshot', 'auto'],
  'server-options': ['cold', 'mariadb-backup', 'snapshot'],
  'stop-command': ['cold'],
  'start-command': ['cold'],
  from: ['mariadb-backup'],
  'snapshot-driver': ['snapshot'],
  'snapshot-command': ['snapshot'],
  'snapshot-size': ['snapshot'],
  'freeze-limit': ['snapshot'],
  tar: ['snapshot'],
  'recover-first': ['snapshot'],
  'server-program': ['snapshot'],
  hooks: ['snapshot'],
  'keep-snapshot': ['snapshot'],
  'keep-mount': ['snapshot'],
}

function refuseFileOptions({ options }: VerbContext, method: string): void {
  for (const [name, methods] of Object.entries(fileOptions)) {
    const isGiven =
      options.text(name) !== undefined ||
      options.integer(name) !== undefined ||
      options.bytes(name) !== undefined ||
      options.flag(name)
    if (!isGiven || methods.includes(method)) continue
    throw new HoldfastError('USAGE', `--${name} goes with --method ${methods.join(' or ')}`)
  }
}
