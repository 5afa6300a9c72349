// A physical backup of a MySQL server over its ordinary port: its InnoDB files by CLONE, and all that is known of what they hold.
import type { BackupOrigin, BackupSink, StoredBackup } from '../../core/backup.ts'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { RateLimit } from '../../core/rate-limit.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { currentPoint } from '../../instance/current-point.ts'
import { backupOrigin, inspectInstance } from '../../instance/instance-facts.ts'
import { readServerVariables, type ServerVariables } from '../../instance/server-variables.ts'
import { CloneTransfer } from '../../wire/clone/clone-transfer.ts'
import { Connection } from '../../wire/connection.ts'
import type { PhysicalContent } from '../content.ts'
import { Pouring } from '../pour/pouring.ts'
import { storedBackup } from '../stored-backup.ts'
import { cloneFailure } from './clone-failure.ts'
import { CloneReport } from './clone-report.ts'
import { ClonedFiles } from './cloned-files.ts'
import { encryptedRedo } from './redo-key.ts'
import { leaveOutTables, type TablesOutside, tablesOutside } from './tables-outside.ts'

/** What lies in a data directory and is not InnoDB's. */
const notCloned: readonly (readonly [path: string, why: string])[] = [
  ['binary logs', 'CLONE does not copy them: holdfast stream archives them'],
  ['auto.cnf', 'CLONE does not copy it: the restored server gives itself another UUID'],
  ['mysqld-auto.cnf and option files', 'CLONE does not copy them'],
  ['*.pem', 'CLONE does not copy them: the restored server makes new ones'],
]

export interface CloneInstanceOptions {
  readonly settings: ConnectionSettings
  readonly sink: BackupSink
  /** Of what comes over the wire: the donor waits. */
  readonly rateLimit?: RateLimit | undefined
  readonly emit: EmitEvent
  readonly signal: AbortSignal
}

/**
 * Rows of other engines than InnoDB are not in it: the result's warnings name their tables.
 *
 * The point is known to lie between two only, before and after the clone; which it is, the restored server says of itself.
 *
 * Throws what CloneTransfer and the sink throw, UNSUPPORTED for an encrypted redo log and for what is not the protocol, and PAGE_DAMAGED.
 */
export async function cloneInstance(options: CloneInstanceOptions): Promise<StoredBackup> {
  const { settings, sink, signal } = options
  const before = await lookAt(settings, signal)
  // All tablespaces come before the redo log: told early, for it would be told late.
  if (before.variables.isOn('innodb_redo_log_encrypt')) throw encryptedRedo()
  const pouring = new Pouring(sink)
  try {
    const server = await pourClone(options, pouring, before)
    const after = await lookAt(settings, signal)
    for (const [path, why] of notCloned) pouring.leaveOut(path, why)
    const warnings = leaveOutTables(pouring, before.tables, after.tables)
    return storedBackup(await pouring.finish(), {
      method: 'clone',
      origin: before.origin,
      point: startOfReplay(before.point, after.point),
      content: { server, bounds: { from: before.point, to: after.point } },
      warnings: [...warnings, ...replayWarnings(after.point)],
    })
  } catch (error) {
    await pouring.settle()
    throw cloneFailure(error, before.origin.serverVersion)
  }
}

async function pourClone(
  { settings, rateLimit, emit, signal }: CloneInstanceOptions,
  pouring: Pouring,
  { variables, release }: Look,
): Promise<PhysicalContent['server']> {
  await using transfer = await CloneTransfer.open(settings, { emit, signal })
  const files = new ClonedFiles(pouring, { dataDirectory: variables.text('datadir'), release })
  const progress = new CloneReport(emit)
  for await (const event of transfer.events()) {
    await files.take(event, signal)
    progress.add(event)
    if (event.kind === 'data') await rateLimit?.spend(event.bytes.length, signal)
  }
  await files.finish()
  const { settings: donor, libraries } = transfer.donor
  return {
    pageBytes: Number(donor.get('innodb_page_size')),
    lowerCaseTableNames: variables.number('lower_case_table_names'),
    dataFilePath: variables.text('innodb_data_file_path'),
    architecture: donor.get('version_compile_machine') ?? variables.text('version_compile_machine'),
    plugins: [...libraries.keys()],
    ...(files.hasEncrypted ? { keyring: keyringOf(libraries) } : {}),
  }
}

/** A plugin is among those that the donor tells of; a component is not. */
function keyringOf(libraries: ReadonlyMap<string, string>): string {
  const [plugin] = [...libraries].filter(([name]) => name.startsWith('keyring_'))
  if (plugin === undefined) return 'tablespaces are encrypted: the keyring of the server opens them'
  return `keyring of the server: ${plugin.join('=')}`
}

/** A server as it is before the clone, and after it. */
interface Look {
  readonly origin: BackupOrigin
  readonly release: number
  readonly variables: ServerVariables
  readonly point: RecoveryPoint
  readonly tables: TablesOutside
}

async function lookAt(settings: ConnectionSettings, signal: AbortSignal): Promise<Look> {
  await using connection = await Connection.open(settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  return {
    origin: backupOrigin(facts),
    release: facts.release,
    variables: await readServerVariables(connection, { signal }),
    tables: await tablesOutside(connection, facts, signal),
    point: await currentPoint(connection, { signal }),
  }
}

/**
 * A replay begins where the first look was, and passes over what the restored server has. Without a position it finds that place by the
 * GTIDs of the first look; with one, those of the second tell which moments are too early for this backup.
 */
function startOfReplay(from: RecoveryPoint, to: RecoveryPoint): RecoveryPoint {
  const { timeMicros } = to
  // Without GTIDs nobody could tell what of the log is in the backup.
  if (from.gtid === undefined || to.gtid === undefined) return { timeMicros }
  const { position, gtid } = from
  return position === undefined ? { gtid, timeMicros } : { position, gtid: to.gtid, timeMicros }
}

function replayWarnings({ gtid }: RecoveryPoint): readonly string[] {
  if (gtid !== undefined) return []
  return [
    'the server has no GTIDs (gtid_mode = OFF), so nothing can be replayed behind a clone: this backup brings back its own moment',
  ]
}
