// `holdfast restore --datadir`: a data directory again, recovered, replayed and stopped.

import { formatBytes } from '../../core/byte-size.ts'
import { counted } from '../../core/counted.ts'
import { formatDuration } from '../../core/duration.ts'
import { HoldfastError } from '../../core/errors.ts'
import { describePoint } from '../../core/point-text.ts'
import { parsePoint } from '../../core/restore-point.ts'
import { findOwner } from '../../operations/find-owner.ts'
import {
  type DirectoryLoss,
  type DirectoryRestored,
  type OverwriteConsent,
  restoreDirectory,
} from '../../operations/restore-directory.ts'
import { hasTarget, repositoryAccess, requiredSource } from '../access.ts'
import { shellWord } from '../output/shell-word.ts'
import type { VerbAnswer, VerbContext } from '../verb.ts'

/** What is of a server that runs, or of rows. */
const others = [
  'schemas',
  'tables',
  'exclude',
  'structure-only',
  'data-only',
  'no-accounts',
  'rename',
  'definer',
  'on-existing',
  'set-gtid',
  'skip-binlog',
  'translate',
  'report',
  'verify',
  'threads',
  'rate-limit',
  'to-files',
  'scratch',
  'import-tablespaces',
] as const

export async function runRestoreDirectory(context: VerbContext, directory: string): Promise<VerbAnswer> {
  const { options, env, emit, signal } = context
  const source = requiredSource(context)
  refuseOthers(context)
  const isRaw = options.flag('raw')
  const owner = options.text('owner')
  const restored = await restoreDirectory(
    {
      access: repositoryAccess(context),
      source,
      directory,
      point: parsePoint(options.text('to') ?? (isRaw ? 'backup' : 'latest')),
      backup: options.text('backup'),
      skipGtids: options.list('skip-gtid') ?? [],
      isRaw,
      isInPlace: options.flag('in-place'),
      owner: owner === undefined ? undefined : await findOwner(owner, signal),
      serverProgram: options.text('server-program'),
      optionFile: options.text('server-options'),
      isDryRun: options.flag('dry-run'),
      env,
    },
    { confirm: (consent) => confirm(context, source, consent), emit, signal },
  )
  return { text: describe(restored), json: { source, ...restored } }
}

function refuseOthers(context: VerbContext): void {
  const { options } = context
  const given: string[] = others.filter(
    (name) =>
      options.flag(name) ||
      options.text(name) !== undefined ||
      options.list(name) !== undefined ||
      options.integer(name) !== undefined,
  )
  if (hasTarget(context)) given.unshift('target')
  if (given.length === 0) return
  throw new HoldfastError(
    'USAGE',
    `--datadir restores a whole instance as files, and so goes without --${given.join(', --')}`,
  )
}

async function confirm(
  { options, prompt, signal, say }: VerbContext,
  source: string,
  { plan, directory, loss }: OverwriteConsent,
): Promise<void> {
  const given = options.text('confirm')
  if (given === source) return
  if (given !== undefined) {
    throw new HoldfastError(
      'CONFIRMATION_MISSING',
      `--confirm says ${given}, and the name of the instance is ${source}`,
    )
  }
  const what = `${directory} is written over with backup ${plan.base.id}${describeLoss(loss)}`
  if (!prompt.isPossible)
    throw new HoldfastError('CONFIRMATION_MISSING', `${what}: this needs --confirm ${shellWord(source)}`)
  for (const step of plan.steps) say(`- ${step}`)
  const answer = await prompt.ask(`${what}. Type the name of the instance (${source}) to go on: `, signal)
  if (answer.trim() === source) return
  throw new HoldfastError('CONFIRMATION_MISSING', 'the name was not typed; nothing was changed')
}

function named(files: readonly string[]): string {
  const more = files.length > shownFiles ? ', …' : ''
  return `${counted(files.length, 'file')} (${files.slice(0, shownFiles).join(', ')}${more})`
}

/** Some are named: enough to see whose they are. */
const shownFiles = 3

function describeLoss({ toRemove, toSetAside, setAside }: DirectoryLoss): string {
  const aside =
    setAside === undefined
      ? 'have to be moved away first, for nothing can be set aside beside what is mounted'
      : `go to ${setAside}`
  return [
    ...(toRemove.length === 0 ? [] : [`; it loses ${named(toRemove)} that the backup does not have`]),
    ...(toSetAside.length === 0 ? [] : [`; ${named(toSetAside)} ${aside}`]),
  ].join('')
}

function describe({ plan, directory, loss, program, prepare, report }: DirectoryRestored): string {
  if (report === undefined) {
    return [
      `Plan to restore ${plan.source} to ${plan.wanted.text} in ${directory}:`,
      ...plan.steps.map((step, index) => `  ${index + 1}. ${step}.`),
      ...plan.warnings.map((warning) => `Warning: ${warning}`),
      program === undefined
        ? 'No server is started on the files.'
        : `${program.path} (${program.version}) recovers them.`,
      ...(loss === undefined ? [] : [`${directory} is written over${describeLoss(loss)}.`]),
      'Nothing was changed. To carry it out, run the same command without --dry-run.',
    ].join('\n')
  }
  const { files, bytes, fileSeconds, recovery } = report
  const same = bytes.sameBytes === 0 ? '' : ` (${formatBytes(bytes.writtenBytes)} differed)`
  const written = `${counted(files, 'file')}${same} written in ${formatDuration(fileSeconds * 1000)}`
  if (recovery === undefined) {
    return [
      `The files of backup ${plan.base.id} of ${plan.source} are in ${directory} as they were taken: ${written}.`,
      prepare === undefined
        ? 'Next: start a server of the same series on them, and let it recover.'
        : `Next: ${prepare.program} --prepare --target-dir=${directory} (${prepare.version}), then start a server of the same series on them.`,
    ].join('\n')
  }
  const replayed =
    recovery.replayed === undefined
      ? ''
      : `, ${counted(recovery.replayed.transactions, 'transaction')} replayed`
  return [
    `Restored ${plan.source} to ${describePoint(recovery.end)} in ${directory}: ${written}; recovered${replayed} and shut down in ${formatDuration(recovery.seconds * 1000)}.`,
    `Next: start the server with --datadir=${directory}. It has the ids of the one that was backed up: do not run both as parts of one replication.`,
  ].join('\n')
}
