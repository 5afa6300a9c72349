// `holdfast backup --method snapshot`: the files of a running server, by a snapshot of the volume they lie on.

import { formatBytes } from '../../core/byte-size.ts'
import { HoldfastError } from '../../core/errors.ts'
import { archiveSnapshot } from '../../operations/archive-snapshot.ts'
import { backupSnapshot } from '../../operations/backup-snapshot.ts'
import type { SnapshotRequest } from '../../operations/snapshot-server.ts'
import { connectionSettings, repositoryAccess, sourceName } from '../access.ts'
import { formatMicros } from '../output/time.ts'
import type { VerbContext, VerbRun } from '../verb.ts'
import { describeBackupDone } from './backup-done.ts'
import { refuseOptionsOfRows } from './whole-servers.ts'

/** A server that answers nobody for longer is taken for dead by whoever watches it. */
const defaultFreezeSeconds = 10

export const runBackupSnapshot: VerbRun = async (context) => {
  refuseOptionsOfRows(context, 'snapshot', ['no-locks', 'lock-wait'])
  return context.options.text('tar') === undefined ? await runRepository(context) : await runTar(context)
}

const runRepository: VerbRun = async (context) => {
  const { options, emit, signal } = context
  for (const name of ['recover-first', 'server-program'])
    if (options.flag(name) || options.text(name) !== undefined)
      throw new HoldfastError(
        'USAGE',
        `--${name} goes with --tar; what a repository has is recovered by restore and verify`,
      )
  const request = await snapshotRequest(context)
  const source = sourceName(context, request.settings)
  const backup = await backupSnapshot(
    { ...request, access: repositoryAccess(context), source },
    { emit, signal },
  )
  return { text: describeBackupDone(source, backup, undefined), json: { source, backup } }
}

const runTar: VerbRun = async (context) => {
  const { options, emit, signal } = context
  const archive = await archiveSnapshot(
    {
      ...(await snapshotRequest(context)),
      place: options.required('tar'),
      isRecovered: options.flag('recover-first'),
      serverProgram: options.text('server-program'),
    },
    { emit, signal },
  )
  const { file, sizeBytes, point } = archive
  const text = `The files as of ${formatMicros(point.timeMicros)} are in ${file}: ${formatBytes(sizeBytes)}.\nNext: tar -xzf ${file} -C DIR, then start a server on DIR/mysql`
  return { text, json: { ...archive } }
}

async function snapshotRequest(context: VerbContext): Promise<SnapshotRequest> {
  const { options, env } = context
  return {
    settings: await connectionSettings(context, context.arguments[0]),
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
  }
}
