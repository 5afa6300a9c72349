// `holdfast backup --method snapshot`: the files of a running server, by a snapshot of the volume they lie on.
import { backupSnapshot } from '../../operations/backup-snapshot.ts'
import { connectionSettings, repositoryAccess, sourceName } from '../access.ts'
import type { VerbRun } from '../verb.ts'
import { describeBackupDone } from './backup-done.ts'
import { refuseOptionsOfRows } from './whole-servers.ts'

/** A server that answers nobody for longer is taken for dead by whoever watches it. */
const defaultFreezeSeconds = 10

export const runBackupSnapshot: VerbRun = async (context) => {
  refuseOptionsOfRows(context, 'snapshot', ['no-locks', 'lock-wait'])
  const { options, env, emit, signal } = context
  const settings = await connectionSettings(context, context.arguments[0])
  const source = sourceName(context, settings)
  const backup = await backupSnapshot(
    {
      access: repositoryAccess(context),
      settings,
      source,
      directory: options.text('datadir'),
      driver: options.text('snapshot-driver'),
      snapshotCommand: options.text('snapshot-command'),
      roomBytes: options.bytes('snapshot-size'),
      locks: options.flag('no-locks') ? 'none' : 'auto',
      lockWaitSeconds: options.integer('lock-wait'),
      freezeLimitSeconds: options.integer('freeze-limit') ?? defaultFreezeSeconds,
      hooks: options.text('hooks'),
      keep: options.flag('keep-mount') ? 'mount' : options.flag('keep-snapshot') ? 'snapshot' : undefined,
      optionFile: options.text('server-options'),
      env,
    },
    { emit, signal },
  )
  return { text: describeBackupDone(source, backup, undefined), json: { source, backup } }
}
