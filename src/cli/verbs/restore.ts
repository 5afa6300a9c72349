// `holdfast restore`: shows the plan, asks where it must, and tells what came back.
import { HoldfastError } from '../../core/errors.ts'
import { describePoint } from '../../core/point-text.ts'
import { parsePoint } from '../../core/restore-point.ts'
import {
  type RestoreConsent,
  type RestoreOutcome,
  type RestorePlan,
  restoreInstance,
} from '../../operations/restore-instance.ts'
import { connectionSettings, repositoryAccess, requiredSource } from '../access.ts'
import { formatDuration } from '../output/duration.ts'
import { groupDigits } from '../output/progress-text.ts'
import type { VerbContext, VerbRun } from '../verb.ts'

export const run: VerbRun = async (context) => {
  const { options, emit, signal } = context
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
      schemas: options.list('schemas'),
      threads: options.integer('threads'),
      target: hasTarget(context) ? await connectionSettings(context, options.text('target')) : undefined,
      isDryRun,
    },
    { confirm: (consent) => confirm(context, source, consent), emit, signal },
  )
  return { text: describe(outcome), json: { source, ...outcome } }
}

/** A target is never guessed: a forgotten --target must not mean the server on this machine. */
function hasTarget({ options }: VerbContext): boolean {
  return ['target', 'host', 'socket', 'defaults-file', 'login-path'].some(
    (name) => options.text(name) !== undefined,
  )
}

async function confirm(
  context: VerbContext,
  source: string,
  { plan, target }: RestoreConsent,
): Promise<void> {
  const { options, prompt, signal, say } = context
  const given = options.text('confirm')
  const what = target.isSource
    ? `${target.server} is the server that the backups are of`
    : `${target.server} holds ${target.schemas.slice(0, 5).join(', ')}${target.schemas.length > 5 ? ', …' : ''}`
  if (given === source) return
  if (given !== undefined) {
    throw new HoldfastError('CONFIRMATION_MISSING', `--confirm says ${given}, and the instance is ${source}`)
  }
  if (!prompt.isPossible)
    throw new HoldfastError('CONFIRMATION_MISSING', `${what}: this needs --confirm ${source}`)
  for (const step of plan.steps) say(`- ${step}`)
  const answer = await prompt.ask(`${what}. Type the name of the instance (${source}) to go on: `, signal)
  if (answer.trim() === source) return
  throw new HoldfastError('CONFIRMATION_MISSING', 'the name was not typed; nothing was changed')
}

function describe(outcome: RestoreOutcome): string {
  if (outcome.kind === 'planned') return describePlan(outcome.plan)
  const { plan, report } = outcome
  const { loaded, replayed, loadSeconds, replaySeconds, isContinued } = report
  const parts = [
    ...(loaded === undefined
      ? []
      : [
          `${groupDigits(loaded.rows)} rows of ${groupDigits(loaded.tables)} tables loaded in ${formatDuration(loadSeconds * 1000)}`,
        ]),
    ...(replayed === undefined
      ? []
      : [
          `${groupDigits(replayed.transactions)} transactions replayed in ${formatDuration(replaySeconds * 1000)}`,
        ]),
  ]
  if (isContinued && (replayed?.transactions ?? 0) === 0) {
    return `The target stood at ${describePoint(plan.end)} already: nothing was left to do.`
  }
  const how = isContinued ? 'an interrupted restore was continued: ' : ''
  return [
    `Restored ${plan.source} to ${describePoint(plan.end)}: ${how}${parts.join(', ')}.`,
    `Next: take a backup of the restored server under a name of its own: holdfast backup mysql://user@host/ --name ${plan.source}-restored`,
  ].join('\n')
}

function describePlan(plan: RestorePlan): string {
  return [
    `Plan to restore ${plan.source} to ${plan.wanted.text}:`,
    ...plan.steps.map((step, index) => `  ${index + 1}. ${step}.`),
    ...plan.warnings.map((warning) => `Warning: ${warning}`),
    'Nothing was changed. To carry it out, run the same command without --dry-run.',
  ].join('\n')
}
