// `holdfast backup --method mariadb-backup`: the files of a running MariaDB on this host, or a stream that was made of them before.
import { HoldfastError } from '../../core/errors.ts'
import { backupFromStream } from '../../operations/backup-from-stream.ts'
import { backupWithMariadbBackup } from '../../operations/backup-with-mariadb-backup.ts'
import { connectionSettings, repositoryAccess, sourceName } from '../access.ts'
import type { VerbContext, VerbRun } from '../verb.ts'
import { describeBackupDone } from './backup-done.ts'
import { refuseOptionsOfRows } from './whole-servers.ts'

export const runBackupWithProgram: VerbRun = async (context) => {
  const { options, env, emit, signal } = context
  const from = options.text('from')
  if (from !== undefined) return await runFromStream(context, from)
  refuseOptionsOfRows(context, 'mariadb-backup', ['threads', 'schemas', 'tables'])
  const settings = await connectionSettings(context, context.arguments[0])
  const source = sourceName(context, settings)
  const backup = await backupWithMariadbBackup(
    {
      access: repositoryAccess(context),
      settings,
      source,
      threads: options.integer('threads'),
      parts: { schemas: options.list('schemas'), tables: options.list('tables') },
      env,
    },
    { emit, signal },
  )
  return { text: describeBackupDone(source, backup, undefined), json: { source, backup } }
}

const runFromStream = async (context: VerbContext, from: string): Promise<Awaited<ReturnType<VerbRun>>> => {
  const { options, env, emit, signal } = context
  refuseOptionsOfRows(context, 'mariadb-backup --from')
  if (context.arguments[0] !== undefined)
    throw new HoldfastError('USAGE', '--from takes what was streamed before, and so goes without a URL')
  const source = options.text('name')
  if (source === undefined)
    throw new HoldfastError('USAGE', '--name is missing: a stream has no connection to name the server by')
  const access = repositoryAccess(context)
  const optionFile = options.text('server-options')
  const backup = await backupFromStream(
    { access, source, from, stdin: process.stdin, optionFile, env },
    { emit, signal },
  )
  return { text: describeBackupDone(source, backup, undefined), json: { source, backup } }
}
