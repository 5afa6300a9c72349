// `holdfast backup --method hot`: the files of a server that runs on this host.
import { backupHot } from '../../operations/backup-hot.ts'
import { connectionSettings, repositoryAccess, sourceName } from '../access.ts'
import type { VerbRun } from '../verb.ts'
import { describeBackupDone } from './backup-done.ts'
import { refuseOptionsOfRows } from './whole-servers.ts'

export const runBackupHot: VerbRun = async (context) => {
  refuseOptionsOfRows(context, 'hot', ['lock-wait'])
  const { options, emit, signal } = context
  const settings = await connectionSettings(context, context.arguments[0])
  const source = sourceName(context, settings)
  const backup = await backupHot(
    {
      access: repositoryAccess(context),
      settings,
      source,
      directory: options.text('datadir'),
      lockWaitSeconds: options.integer('lock-wait'),
    },
    { emit, signal },
  )
  return { text: describeBackupDone(source, backup, undefined), json: { source, backup } }
}
