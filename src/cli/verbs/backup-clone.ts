// `holdfast backup --method clone`: the files of a MySQL server that runs, over its ordinary port.
import { backupClone } from '../../operations/backup-clone.ts'
import { connectionSettings, repositoryAccess, sourceName } from '../access.ts'
import type { VerbRun } from '../verb.ts'
import { describeBackupDone } from './backup-done.ts'
import { refuseOptionsOfRows } from './whole-servers.ts'

export const runBackupClone: VerbRun = async (context) => {
  const { options, emit, signal } = context
  refuseOptionsOfRows(context, 'clone', ['rate-limit'])
  const settings = await connectionSettings(context, context.arguments[0])
  const source = sourceName(context, settings)
  const bytesPerSecond = options.bytes('rate-limit')
  const backup = await backupClone(
    { access: repositoryAccess(context), settings, source, bytesPerSecond },
    { emit, signal },
  )
  return { text: describeBackupDone(source, backup, bytesPerSecond), json: { source, backup } }
}
