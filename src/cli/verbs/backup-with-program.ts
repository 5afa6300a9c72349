// `holdfast backup --method mariadb-backup`: the files of a running MariaDB on this host.
import { backupWithMariadbBackup } from '../../operations/backup-with-mariadb-backup.ts'
import { connectionSettings, repositoryAccess, sourceName } from '../access.ts'
import type { VerbRun } from '../verb.ts'
import { describeBackupDone } from './backup-done.ts'
import { refuseOptionsOfRows } from './whole-servers.ts'

export const runBackupWithProgram: VerbRun = async (context) => {
  refuseOptionsOfRows(context, 'mariadb-backup', ['threads'])
  const { options, env, emit, signal } = context
  const settings = await connectionSettings(context, context.arguments[0])
  const source = sourceName(context, settings)
  const backup = await backupWithMariadbBackup(
    { access: repositoryAccess(context), settings, source, threads: options.integer('threads'), env },
    { emit, signal },
  )
  return { text: describeBackupDone(source, backup, undefined), json: { source, backup } }
}
