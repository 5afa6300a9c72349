// A backup of a snapshot: its files are those of a server that crashed, and a recovery brings back the moment at which it was taken.
import type { BackupSink, StoredBackup } from '../../core/backup.ts'
import type { EmitEvent } from '../../core/events.ts'
import { pourFiles } from '../cold/pour-files.ts'
import type { PhysicalContent } from '../content.ts'
import { Pouring } from '../pour/pouring.ts'
import { storedBackup } from '../stored-backup.ts'
import { readSnapshot } from './read-snapshot.ts'
import type { RunningServer } from './running-server.ts'
import type { Moment } from './take-snapshot.ts'

export interface SnapshotBackupOptions {
  readonly server: RunningServer
  readonly moment: Moment
  readonly driver: NonNullable<PhysicalContent['snapshot']>['driver']
  /** Where the files of the data directory are in the snapshot. */
  readonly directory: string
  readonly optionFiles: readonly PhysicalContent['optionFiles'][number][]
  readonly sink: BackupSink
  readonly emit?: EmitEvent | undefined
  readonly signal?: AbortSignal | undefined
}

/** Throws PAGE_DAMAGED, MalformedDataError, and what reading and storing throw: then there is no backup. */
export async function backUpSnapshot(options: SnapshotBackupOptions): Promise<StoredBackup> {
  const { server, moment, driver, directory, optionFiles, sink, emit, signal } = options
  const { survey, point } = await readSnapshot(directory, server, moment, signal)
  const pouring = new Pouring(sink)
  try {
    await pourFiles(survey, server.origin.flavour, { pouring, emit, signal })
    const { origin, content } = server
    const { rung, heldMs } = moment.kind === 'free' ? freeRung(moment.areDefinitionsHeld) : moment
    return storedBackup(await pouring.finish(), {
      method: 'snapshot',
      origin,
      point,
      content: { server: content, snapshot: { driver, rung, heldMs }, optionFiles: [...optionFiles] },
    })
  } finally {
    await pouring.settle()
  }
}

/** No commit waited. */
function freeRung(areDefinitionsHeld: boolean) {
  return { rung: areDefinitionsHeld ? 'backup-stage-ddl' : 'none', heldMs: 0 } as const
}
