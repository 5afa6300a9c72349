// What is found out of a server before a snapshot of its files is taken, and what is decided by that.
import { readServerOptions } from '../config/server-options.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { type InstanceFacts, inspectInstance } from '../instance/instance-facts.ts'
import { readServerVariables } from '../instance/server-variables.ts'
import type { PhysicalContent } from '../physical/content.ts'
import { examineServer, type RunningServer } from '../physical/snapshot/running-server.ts'
import type { Hold } from '../physical/snapshot/take-snapshot.ts'
import { defaultStateDirectory } from '../repository/host-state.ts'
import { Connection } from '../wire/connection.ts'
import type { UseCase } from './backup-instance.ts'
import { SnapshotNotes } from './left-snapshots.ts'
import { requirePrivileges } from './require-privileges.ts'
import { chosenDriver, type SnapshotChoices } from './with-snapshot.ts'

export interface SnapshotRequest extends SnapshotChoices {
  readonly settings: ConnectionSettings
  /** The data directory, where the server knows it by another name than this machine. */
  readonly directory?: string | undefined
  /** `none`: never held still. */
  readonly locks: 'auto' | 'none'
  /** The option file that the server is started with. */
  readonly optionFile?: string | undefined
  readonly env: NodeJS.ProcessEnv
}

export interface SnapshotServer {
  readonly server: RunningServer
  readonly hold: Hold
  /** Why all of the server has to be held still; absent where it has not. */
  readonly lockReason?: string
  readonly optionFiles: readonly PhysicalContent['optionFiles'][number][]
  readonly notes: SnapshotNotes
}

/** Also takes away what killed commands have left. Throws UNSUPPORTED, SNAPSHOT_UNPROVEN where a lock is needed and not allowed, and PRIVILEGE_MISSING. */
export async function findSnapshotServer(
  request: SnapshotRequest,
  { emit, signal }: UseCase,
): Promise<SnapshotServer> {
  const { settings, directory, optionFile, env } = request
  const notes = new SnapshotNotes(defaultStateDirectory(env))
  await notes.clear({ emit, signal })
  const optionFiles = optionFile === undefined ? [] : (await readServerOptions(optionFile, env)).files
  emit({ type: 'phase', phase: 'connecting' })
  await using connection = await Connection.open(settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  const server = await examineServer(facts, await readServerVariables(connection, { signal }), directory)
  const lockReason = reasonToLock(request, server)
  const hold = holdOf(request, facts, lockReason)
  requireLockPrivileges(facts, hold)
  return { server, hold, ...(lockReason === undefined ? {} : { lockReason }), optionFiles, notes }
}

function reasonToLock(request: SnapshotRequest, { lockReason }: RunningServer): string | undefined {
  if (request.locks === 'none') {
    if (lockReason !== undefined) throw needsLock(lockReason)
    return undefined
  }
  return chosenDriver(request) === 'command'
    ? (lockReason ?? 'nobody but its author knows whether --snapshot-command takes one instant')
    : lockReason
}

function holdOf(request: SnapshotRequest, facts: InstanceFacts, lockReason: string | undefined): Hold {
  if (lockReason !== undefined) return 'all'
  return facts.flavour === 'mariadb' && facts.binlog.isOn && request.locks !== 'none'
    ? 'definitions'
    : 'nothing'
}

/** Who holds nothing still needs no privilege: the files tell the position too. */
function requireLockPrivileges(facts: InstanceFacts, hold: Hold): void {
  const position = ['BINLOG MONITOR', 'REPLICATION CLIENT']
  const spared = { all: [], definitions: position, nothing: ['RELOAD', ...position] }[hold]
  requirePrivileges(facts, 'snapshot', [], spared)
}

function needsLock(reason: string): HoldfastError {
  return new HoldfastError(
    'SNAPSHOT_UNPROVEN',
    `without a lock the files of a snapshot alone have to tell its moment, and they do not: ${reason}`,
    {},
    { hint: 'Leave out --no-locks: the server is held still for milliseconds.' },
  )
}
