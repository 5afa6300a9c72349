// `holdfast backup --method cold`: the files of a server that is shut down.
import { HoldfastError } from '../../core/errors.ts'
import { backupDirectory } from '../../operations/backup-directory.ts'
import { repositoryAccess } from '../access.ts'
import type { VerbContext, VerbRun } from '../verb.ts'
import { describeBackupDone } from './backup-done.ts'
import { refuseOptionsOfRows } from './whole-servers.ts'

export const runBackupDirectory: VerbRun = async (context) => {
  const { options, env, emit, signal } = context
  refuseOptionsOfRows(context, 'cold')
  refuseUrl(context)
  const source = options.text('name')
  if (source === undefined) {
    throw new HoldfastError('USAGE', '--name is missing: a stopped server has no connection to name it by')
  }
  const directory = options.text('datadir')
  if (directory === undefined) {
    throw new HoldfastError('USAGE', '--datadir is missing: a cold backup reads a data directory')
  }
  const backup = await backupDirectory(
    {
      access: repositoryAccess(context),
      source,
      directory,
      optionFile: options.text('server-options'),
      stopCommand: options.text('stop-command'),
      startCommand: options.text('start-command'),
      env,
    },
    { emit, signal },
  )
  return { text: describeBackupDone(source, backup, undefined), json: { source, backup } }
}

function refuseUrl({ arguments: [url] }: VerbContext): void {
  if (url === undefined) return
  throw new HoldfastError(
    'USAGE',
    '--method cold reads files of a server that is shut down, and so takes no URL',
    {},
    { hint: 'Name the data directory with --datadir DIR, and the instance with --name NAME.' },
  )
}
