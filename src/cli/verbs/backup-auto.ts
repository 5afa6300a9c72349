// `holdfast backup --method auto`: chooses the method for the user, and says why.
import type { BackupMethod } from '../../core/backup.ts'
import { chooseMethod, type MethodChoice } from '../../operations/choose-method.ts'
import { connectionSettings } from '../access.ts'
import type { VerbContext, VerbRun } from '../verb.ts'
import { optionsOfRows } from './whole-servers.ts'

/** `runWith` takes a backup by the method that is given to it. */
export async function runBackupAuto(
  context: VerbContext,
  runWith: (method: BackupMethod) => VerbRun,
): ReturnType<VerbRun> {
  const choice = await choose(context)
  const { method, because, passedOver } = choice
  const others = passedOver.map((other) => `; not ${other.method}, for ${other.because}`)
  context.emit({
    type: 'notice',
    level: 'info',
    message: `by method ${method}: ${because}${others.join('')}`,
  })
  const answer = await runWith(method)(context)
  return { ...answer, json: { ...answer.json, choice } }
}

async function choose(context: VerbContext): Promise<MethodChoice> {
  const { options, env, signal } = context
  const [ofRows] = optionsOfRows(context)
  if (ofRows !== undefined) return { method: 'dump', because: `--${ofRows} is of rows`, passedOver: [] }
  const settings = await connectionSettings(context, context.arguments[0])
  return await chooseMethod({ settings, directory: options.text('datadir'), env }, signal)
}
