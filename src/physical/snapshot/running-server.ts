// The server of a data directory as a snapshot has to know it: that it runs here, where its files are, and what holding it still has to give.
import path from 'node:path'
import type { BackupOrigin } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import { backupOrigin, type InstanceFacts } from '../../instance/instance-facts.ts'
import type { ServerVariables } from '../../instance/server-variables.ts'
import type { PhysicalContent } from '../content.ts'
import { mountsBelow } from '../mounts.ts'
import { serverContent } from '../server-content.ts'
import { processOn } from '../server-here.ts'
import { tableElsewhere } from '../table-elsewhere.ts'
import { isLogInside, liesElsewhere, type OneVolume, requireOneVolume } from './one-volume.ts'

export interface RunningServer {
  readonly origin: BackupOrigin
  /** Absolute and without links. */
  readonly directory: string
  /** Its process id here. */
  readonly pid: number
  /** Its binary log lies in the data directory, and so in a snapshot of it. */
  readonly hasLogInside: boolean
  /** Name of the index of its binary log, where the server says it. */
  readonly binlogIndex?: string
  /** Why files of one instant are not enough, in words; absent where they are. */
  readonly lockReason?: string
  readonly content: PhysicalContent['server']
}

/** `directory` instead of the one that the server names. Throws UNSUPPORTED for a server of which a snapshot of one volume has not all files. */
export async function examineServer(
  facts: InstanceFacts,
  variables: ServerVariables,
  given: string | undefined,
): Promise<RunningServer> {
  const volume = await volumeOf(given, variables)
  const { directory } = volume
  const link = volume.names.find((name) => name.endsWith('.isl'))
  if (link !== undefined) throw tableElsewhere(link)
  const pid = await processOn(directory, facts, variables)
  if (pid === undefined) throw notHere(directory)
  // As the server sees them: in a container, and of folders of the same device, nobody else may.
  const [mounted] = await mountsBelow(path.resolve(variables.text('datadir')), pid)
  if (mounted !== undefined) throw liesElsewhere(`${mounted} is mounted by itself`)
  const hasLogInside = await isLogInside(variables)
  const binlogIndex = variables.get('log_bin_index')
  const lockReason = reasonToLock(facts, variables, volume, hasLogInside)
  return {
    origin: backupOrigin(facts),
    directory,
    pid,
    hasLogInside,
    ...(binlogIndex === undefined || binlogIndex === '' ? {} : { binlogIndex: path.basename(binlogIndex) }),
    ...(lockReason === undefined ? {} : { lockReason }),
    content: serverContent(variables),
  }
}

/** A path that is not here, or not for us, is the directory of a server elsewhere. */
async function volumeOf(given: string | undefined, variables: ServerVariables): Promise<OneVolume> {
  try {
    return await requireOneVolume(given, variables)
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'EACCES'].includes(String(error.code)))
      throw notHere(given ?? variables.text('datadir'))
    throw error
  }
}

/** Of users: those of the server itself are made to survive a crash, or hold logs and statistics. */
export function isPlainTable(name: string): boolean {
  return /\.(MYI|MAI|CSM|ARZ|MRG)$/.test(name) && !/^(mysql|sys|performance_schema)\//.test(name)
}

function reasonToLock(
  { binlog }: InstanceFacts,
  variables: ServerVariables,
  { names }: OneVolume,
  hasLogInside: boolean,
): string | undefined {
  const plain = names.find(isPlainTable)
  if (plain !== undefined) return `${plain} is of an engine without transactions`
  if (!binlog.isOn) return undefined
  if (!hasLogInside) return 'the binary log lies elsewhere'
  // What the log has and InnoDB has not, or the other way round, is not the same after a crash.
  for (const name of ['sync_binlog', 'innodb_flush_log_at_trx_commit'])
    if (variables.number(name) !== 1) return `${name} = ${variables.text(name)}`
  for (const name of ['binlog_encryption', 'encrypt_binlog'])
    if (variables.isOn(name)) return 'the binary log is encrypted'
  return undefined
}

function notHere(directory: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${directory} on this machine is not the data directory of that server, or the server does not run here`,
    { directory },
    {
      hint: 'Run holdfast as root on the host of the server; where it runs in a container, name its directory with --datadir DIR.',
    },
  )
}
