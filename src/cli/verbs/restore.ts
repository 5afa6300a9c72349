// `holdfast restore`: shows the plan, asks where it must, and tells what came back.

import { formatBytes } from '../../core/byte-size.ts'
import { counted } from '../../core/counted.ts'
import { formatDuration } from '../../core/duration.ts'
import { HoldfastError } from '../../core/errors.ts'
import { describePoint } from '../../core/point-text.ts'
import { parsePoint } from '../../core/restore-point.ts'
import type { PartsRestoreRequest, ShapeRequest } from '../../operations/plan-parts.ts'
import {
  type RestoreConsent,
  type RestoreOutcome,
  type RestorePlan,
  restoreInstance,
  type TargetReport,
} from '../../operations/restore-instance.ts'
import { restoreToFiles } from '../../operations/restore-to-files.ts'
import { connectionSettings, hasTarget, repositoryAccess, requiredSource } from '../access.ts'
import { describeCompared } from '../output/describe-verification.ts'
import { shellWord } from '../output/shell-word.ts'
import type { VerbAnswer, VerbContext, VerbRun } from '../verb.ts'
import { runRestoreDirectory } from './restore-directory.ts'

export const run: VerbRun = (context) => {
  const directory = context.options.text('datadir')
  if (directory !== undefined) return runRestoreDirectory(context, directory)
  refuseDirectoryOptions(context)
  const folder = context.options.text('to-files')
  return folder === undefined ? runRestore(context) : runToFiles(context, folder)
}

function refuseDirectoryOptions({ options }: VerbContext): void {
  const given = ['raw', 'in-place'].filter((name) => options.flag(name))
  if (options.text('owner') !== undefined) given.push('owner')
  if (given.length === 0) return
  throw new HoldfastError('USAGE', `--${given.join(', --')} goes with --datadir DIR`)
}

const runRestore: VerbRun = async (context) => {
  const { options, env, emit, signal } = context
  const source = requiredSource(context)
  // Read before anything is opened: a point that makes no sense needs no repository to be refused.
  const point = parsePoint(options.text('to') ?? 'latest')
  const isDryRun = options.flag('dry-run')
  const outcome = await restoreInstance(
    {
      access: repositoryAccess(context),
      source,
      point,
      backup: options.text('backup'),
      skipGtids: options.list('skip-gtid') ?? [],
      ...shapeOf(context),
      onExisting: onExisting(options.text('on-existing')),
      setGtid: options.flag('set-gtid'),
      skipBinlog: options.flag('skip-binlog'),
      threads: options.integer('threads'),
      bytesPerSecond: options.bytes('rate-limit'),
      target: hasTarget(context) ? await connectionSettings(context, options.text('target')) : undefined,
      verify: options.flag('verify'),
      translate: options.flag('translate'),
      reportFile: options.text('report'),
      scratch: options.text('scratch'),
      serverProgram: options.text('server-program'),
      optionFile: options.text('server-options'),
      importTablespaces: options.flag('import-tablespaces'),
      env,
      isDryRun,
    },
    { confirm: (consent) => confirm(context, source, consent), emit, signal },
  )
  return { text: describe(outcome), json: { source, ...outcome } }
}

function shapeOf({ options }: VerbContext): ShapeRequest {
  return {
    schemas: options.list('schemas'),
    tables: options.list('tables'),
    exclude: options.list('exclude'),
    rename: options.list('rename'),
    definer: options.text('definer'),
    isStructureOnly: options.flag('structure-only'),
    isDataOnly: options.flag('data-only'),
    isWithoutAccounts: options.flag('no-accounts'),
  }
}

function onExisting(text: string | undefined): PartsRestoreRequest['onExisting'] {
  return text === 'drop' || text === 'append' || text === 'fail' ? text : undefined
}

async function runToFiles(context: VerbContext, folder: string): Promise<VerbAnswer> {
  const { options, emit, signal } = context
  const source = requiredSource(context)
  refuseReplay(context)
  const report = await restoreToFiles(
    {
      access: repositoryAccess(context),
      source,
      backup: options.text('backup'),
      ...shapeOf(context),
      folder,
    },
    { emit, signal },
  )
  const { backup, rows, tables, files, sizeBytes } = report
  const text = [
    `Backup ${backup.id} of ${source} is in ${folder}: ${counted(rows, 'row')} of ${counted(tables, 'table')}, ${formatBytes(sizeBytes)} in ${counted(files, 'file')}.`,
    `Next: sh ${folder}/restore.sh --host=HOST --user=USER -p`,
  ]
  return { text: text.join('\n'), json: { source, ...report } }
}

/** Files hold what a backup holds; what the binary logs have after it can only be applied to a server. */
function refuseReplay(context: VerbContext): void {
  const { options } = context
  const point = options.text('to')
  if (point !== undefined && parsePoint(point).kind !== 'backup') {
    throw new HoldfastError(
      'USAGE',
      `--to-files writes a backup as it is, and --to ${point} needs binary logs to be replayed`,
      { point },
      { hint: 'Leave --to away, or restore to that moment into a server and back that up.' },
    )
  }
  const others = [
    'skip-gtid',
    'dry-run',
    'verify',
    'confirm',
    'threads',
    'rate-limit',
    'on-existing',
    'set-gtid',
    'skip-binlog',
    'translate',
    'report',
    'scratch',
    'server-program',
    'server-options',
    'import-tablespaces',
  ].filter(
    (name) =>
      options.flag(name) ||
      options.text(name) !== undefined ||
      options.list(name) !== undefined ||
      options.integer(name) !== undefined,
  )
  if (hasTarget(context)) others.unshift('target')
  if (others.length === 0) return
  throw new HoldfastError(
    'USAGE',
    `--to-files goes without a server, and so without --${others.join(', --')}`,
  )
}

async function confirm(
  context: VerbContext,
  source: string,
  { plan, target }: RestoreConsent,
): Promise<void> {
  const { options, prompt, signal, say } = context
  const given = options.text('confirm')
  const { what, wanted, name } = question(source, target)
  if (given === wanted) return
  if (given !== undefined) {
    throw new HoldfastError('CONFIRMATION_MISSING', `--confirm says ${given}, and ${name} is ${wanted}`)
  }
  if (!prompt.isPossible) {
    throw new HoldfastError('CONFIRMATION_MISSING', `${what}: this needs --confirm ${shellWord(wanted)}`)
  }
  for (const step of plan.steps) say(`- ${step}`)
  const answer = await prompt.ask(`${what}. Type ${name} (${wanted}) to go on: `, signal)
  if (answer.trim() === wanted) return
  throw new HoldfastError('CONFIRMATION_MISSING', 'the name was not typed; nothing was changed')
}

/** What is dropped is confirmed by its own names: that of the instance is in every command of it. */
function question(
  source: string,
  target: TargetReport,
): { readonly what: string; readonly wanted: string; readonly name: string } {
  const { server, toDrop } = target
  if (toDrop.length === 0)
    return { what: whatIsThere(target), wanted: source, name: 'the name of the instance' }
  const wanted = toDrop.join(',')
  return { what: `${server} loses ${toDrop.join(', ')}`, wanted, name: 'what is dropped' }
}

function describe(outcome: RestoreOutcome): string {
  if (outcome.kind === 'planned') return describePlan(outcome)
  const { plan, report, imported } = outcome
  const { loaded, replayed, loadSeconds, replaySeconds, isContinued } = report
  const parts = [
    ...(loaded === undefined
      ? []
      : [
          `${counted(loaded.rows, 'row')} of ${counted(loaded.tables, 'table')} loaded in ${formatDuration(loadSeconds * 1000)}${loaded.rowsBefore > 0 ? ` (and ${counted(loaded.rowsBefore, 'row')} before)` : ''}`,
        ]),
    ...(imported === undefined
      ? []
      : [`${counted(imported.tables, 'tablespace')} (${formatBytes(imported.bytes)}) imported`]),
    ...(replayed === undefined
      ? []
      : [
          `${counted(replayed.transactions, 'transaction')} replayed in ${formatDuration(replaySeconds * 1000)}`,
        ]),
  ]
  const checked = describeVerification(outcome)
  if (isContinued && loaded === undefined && (replayed?.transactions ?? 0) === 0) {
    return [
      `The target stood at ${describePoint(plan.end)} already: nothing was left to do.`,
      ...checked,
    ].join('\n')
  }
  const how = isContinued ? 'an interrupted restore was continued: ' : ''
  return [
    `Restored ${plan.source} to ${describePoint(plan.end)}: ${how}${parts.join(', ')}.`,
    ...describeTranslation(outcome),
    ...checked,
    `Next: take a backup of the restored server under a name of its own: holdfast backup mysql://user@host/ --name ${plan.source}-restored`,
  ].join('\n')
}

function describeTranslation({ translation }: RestoreOutcome): readonly string[] {
  if (translation === undefined) return []
  const { from, to, entries } = translation
  const count = (severity: (typeof entries)[number]['severity']) =>
    entries.filter((entry) => entry.severity === severity).length
  const sum =
    entries.length === 0
      ? 'everything is as it was'
      : `${counted(entries.length, 'thing')} not as before (${count('dropped')} not carried, ${count('changed')} in another form, ${count('differs')} acting otherwise)`
  return [`Translated from ${from} to ${to}: ${sum}.`]
}

/** What was checked, and when: what is replayed is not among it. */
function describeVerification({
  plan,
  report,
}: Extract<RestoreOutcome, { kind: 'restored' }>): readonly string[] {
  const { verified, verifySeconds = 0, replayed } = report
  if (verified === undefined) return []
  const when = (replayed?.transactions ?? 0) === 0 ? '' : ' before the replay'
  return [
    `Verified${when}: ${describeCompared(verified)} were read back in ${formatDuration(verifySeconds * 1000)} and are what backup ${plan.base.id} says.`,
  ]
}

function describePlan(outcome: Extract<RestoreOutcome, { kind: 'planned' }>): string {
  const { plan, target } = outcome
  return [
    `Plan to restore ${plan.source} to ${plan.wanted.text}:`,
    ...plan.steps.map((step, index) => `  ${index + 1}. ${step}.`),
    ...plan.warnings.map((warning) => `Warning: ${warning}`),
    ...describeTranslation(outcome),
    ...(target === undefined ? [] : [describeTarget(plan, target)]),
    'Nothing was changed. To carry it out, run the same command without --dry-run.',
  ].join('\n')
}

function describeTarget({ source }: RestorePlan, target: TargetReport): string {
  if (target.schemas.length === 0 && !target.isSource) return `${target.server} is empty and can take it.`
  const { what, wanted } = question(source, target)
  return `${target.server} can take it; but ${what}: this needs --confirm ${shellWord(wanted)}.`
}

function whatIsThere({ server, isSource, schemas }: TargetReport): string {
  return isSource
    ? `${server} has the ids of the server that the backups are of`
    : `${server} holds ${schemas.slice(0, 5).join(', ')}${schemas.length > 5 ? ', …' : ''}`
}
