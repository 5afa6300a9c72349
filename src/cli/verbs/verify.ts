// `holdfast verify`: every damage and every difference by name, or one sentence that tells what was looked at.

import { formatBytes } from '../../core/byte-size.ts'
import { counted } from '../../core/counted.ts'
import { formatDuration } from '../../core/duration.ts'
import { errorCodes } from '../../core/error-codes.table.ts'
import { HoldfastError } from '../../core/errors.ts'
import { describePoint } from '../../core/point-text.ts'
import { verifyRecovery } from '../../operations/verify-recovery.ts'
import { type VerifyReport, verifyRepository } from '../../operations/verify-repository.ts'
import { verifyServer } from '../../operations/verify-target.ts'
import { connectionSettings, hasTarget, namedSource, repositoryAccess, requiredSource } from '../access.ts'
import { describeCompared, describeDifferences } from '../output/describe-verification.ts'
import { groupDigits } from '../output/progress-text.ts'
import type { VerbContext, VerbRun } from '../verb.ts'
import { runVerifyArchive } from './verify-archive.ts'

export const run: VerbRun = (context) => {
  if (context.options.flag('archive')) return runVerifyArchive(context)
  if (context.options.flag('recover')) return runVerifyRecovery(context)
  return hasTarget(context) ? runVerifyTarget(context) : runVerifyRepository(context)
}

const runVerifyRecovery: VerbRun = async (context) => {
  const { options, env, emit, signal } = context
  const source = requiredSource(context)
  if (options.flag('read-data') || hasTarget(context)) {
    throw new HoldfastError('USAGE', '--recover goes without --read-data and --target: one after the other')
  }
  const report = await verifyRecovery(
    {
      access: repositoryAccess(context),
      source,
      backup: options.text('backup'),
      scratch: options.text('scratch'),
      serverProgram: options.text('server-program'),
      optionFile: options.text('server-options'),
      env,
    },
    { emit, signal },
  )
  const { backup, tables, problems, point, seconds } = report
  const json = { source, isSound: problems.length === 0, ...report }
  const what = `${counted(tables, 'table')} checked in ${formatDuration(seconds * 1000)}`
  if (problems.length === 0) {
    const text = `Backup ${backup.id} of ${source} comes back: a server recovered it to ${describePoint(point)}; ${what}.`
    return { text, json }
  }
  const text = [
    `Backup ${backup.id} of ${source} is DAMAGED: ${counted(problems.length, 'problem')} in ${what}:`,
    ...problems.map(({ table, problem }) => `  ${table}: ${problem}`),
    errorCodes.VERIFY_FAILED.hint,
  ]
  return { text: text.join('\n'), json, exit: errorCodes.VERIFY_FAILED.exit }
}

const runVerifyTarget: VerbRun = async (context) => {
  const { options, emit, signal } = context
  const source = requiredSource(context)
  if (options.flag('read-data')) {
    throw new HoldfastError(
      'USAGE',
      '--read-data checks the repository and --target a server: one after the other',
    )
  }
  const report = await verifyServer(
    {
      access: repositoryAccess(context),
      source,
      target: await connectionSettings(context, options.text('target')),
      backup: options.text('backup'),
      schemas: options.list('schemas'),
      threads: options.integer('threads'),
    },
    { emit, signal },
  )
  const { verification, backup, server, seconds } = report
  const { differences, notes } = verification
  for (const message of notes) emit({ type: 'notice', level: 'warning', message })
  const isSame = differences.length === 0
  const compared = `${describeCompared(verification)} read back in ${formatDuration(seconds * 1000)}`
  const json = { source, isSame, ...report }
  if (isSame) return { text: `${server} is what backup ${backup.id} of ${source} says: ${compared}.`, json }
  const text = [
    `${server} is NOT what backup ${backup.id} of ${source} says: ${counted(differences.length, 'difference')} in ${compared}:`,
    ...describeDifferences(verification),
  ]
  return { text: text.join('\n'), json, exit: errorCodes.VERIFY_FAILED.exit }
}

const runVerifyRepository: VerbRun = async (context) => {
  const { options, emit, signal } = context
  refuseTargetOptions(context)
  const access = repositoryAccess(context)
  const readData = options.flag('read-data')
  const reports = await verifyRepository({ access, source: namedSource(context), readData }, { emit, signal })
  for (const { source, warnings } of reports) {
    for (const warning of warnings)
      emit({ type: 'notice', level: 'warning', message: `${source}: ${warning}` })
  }
  const damaged = reports.filter((report) => report.problems.length > 0)
  const text =
    reports.length === 0
      ? 'The repository is empty: there is nothing to check.'
      : reports.map(describe).join('\n')
  const json = { isIntact: damaged.length === 0, sources: reports }
  if (damaged.length === 0) return { text, json }
  return { text: `${text}\n${errorCodes.VERIFY_FAILED.hint}`, json, exit: errorCodes.VERIFY_FAILED.exit }
}

function refuseTargetOptions({ options }: VerbContext): void {
  const given = [
    'backup',
    'schemas',
    'threads',
    'user',
    'port',
    'scratch',
    'server-program',
    'server-options',
  ].filter(
    (name) =>
      options.text(name) !== undefined ||
      options.list(name) !== undefined ||
      options.integer(name) !== undefined,
  )
  if (given.length === 0) return
  throw new HoldfastError(
    'USAGE',
    `--${given.join(', --')} without a server to compare or to recover with: --target or --recover is missing`,
  )
}

function describe(report: VerifyReport): string {
  const { source, checked, problems, isDataRead, isDecrypted } = report
  const looked = [
    counted(checked.backups, 'backup'),
    `${counted(checked.packs, 'pack')} (${formatBytes(checked.packBytes)})`,
    `${counted(checked.segments, 'segment')} of binary log (${formatBytes(checked.segmentBytes)})`,
  ].join(', ')
  if (problems.length === 0) {
    const depth = isDataRead
      ? `every byte was read and ${groupDigits(checked.chunksRead)} chunks were hashed again`
      : isDecrypted
        ? 'all is there in its right size; --read-data also reads every byte'
        : 'all is there in its right size; with --identity the backups themselves are read'
    const { orphanPacks } = checked
    const orphans =
      orphanPacks === 0
        ? ''
        : `\n  ${counted(orphanPacks, 'pack')} of these belong${orphanPacks === 1 ? 's' : ''} to no backup: left by one that did not end, or by one whose manifest was deleted.`
    return `What ${source} has is intact: ${looked}; ${depth}.${orphans}`
  }
  const lines = problems.map(({ object, problem, affected }) => {
    const cost = affected.length === 0 ? '' : `; this affects ${affected.join(', ')}`
    return `  ${object}: ${problem}${cost}`
  })
  return [`${source} is DAMAGED: ${counted(problems.length, 'problem')} in ${looked}:`, ...lines].join('\n')
}
