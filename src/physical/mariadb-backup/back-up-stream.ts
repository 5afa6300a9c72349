// A backup out of a stream that somebody had mariadb-backup or xtrabackup make: from a file, or from a pipe as it comes.
import { machine } from 'node:os'
import type { BackupSink, StoredBackup } from '../../core/backup.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import type { PhysicalContent } from '../content.ts'
import { Pouring } from '../pour/pouring.ts'
import { storedBackup } from '../stored-backup.ts'
import { binlogPosition, requireFullBackup, settingsIn } from './notes.ts'
import { takeStream } from './stream-intake.ts'
import { type StreamServer, streamOrigin } from './stream-origin.ts'
import { xbstreamPieces } from './xbstream.ts'

export interface StreamBackupOptions {
  readonly stream: AsyncIterable<Buffer>
  /** Of its bytes, where it is a file. */
  readonly sizeBytes?: number | undefined
  /** When the stream was written to its file for the last time; undefined for a pipe, which ends now. */
  readonly writtenAtMs?: number | undefined
  /** What no note says. */
  readonly server: StreamServer & { readonly lowerCaseTableNames?: number | undefined }
  readonly sink: BackupSink
  readonly emit?: EmitEvent | undefined
  readonly signal?: AbortSignal | undefined
}

/** Throws MalformedDataError for what is no such stream or ends too early, UNSUPPORTED for one that is not whole, and PAGE_DAMAGED. */
export async function backUpStream(options: StreamBackupOptions): Promise<StoredBackup> {
  const { stream, sizeBytes, sink, emit, signal } = options
  const pouring = new Pouring(sink)
  try {
    let done = 0
    const read = (bytes: number): void => {
      done += bytes
      const total = sizeBytes === undefined ? {} : { total: Math.max(sizeBytes, done) }
      emit?.({ type: 'progress', phase: 'reading the stream', done, ...total, unit: 'bytes' })
    }
    const notes = await takeStream(xbstreamPieces(stream), { intake: pouring, read, signal })
    requireFullBackup(notes)
    const info = settingsIn(notes, 'info')
    const program = programOf(info)
    const { origin, gtid, warnings } = streamOrigin(notes, options.server)
    pouring.leaveOut('binary logs', 'they are for the archive')
    const position = binlogPosition(notes)
    const point: RecoveryPoint = {
      ...(position === undefined ? {} : { position, ...(gtid === undefined ? {} : { gtid }) }),
      timeMicros: Math.ceil(endedBeforeMs(info, options) * 1000),
    }
    return storedBackup(await pouring.finish(), {
      method: 'mariadb-backup',
      origin,
      point,
      content: {
        server: serverContent(notes, options),
        prepare: { program, version: info.get('tool_version') ?? origin.serverVersion },
      },
      isPartial: info.get('partial') === 'Y',
      warnings: position === undefined ? [...warnings, unplaced] : warnings,
    })
  } finally {
    await pouring.settle()
  }
}

const unplaced =
  'the stream notes no place in a binary log: this backup can bring back its own moment and nothing after it'

/** xtrabackup signs itself by its name; mariadb-backup has had several. */
function programOf(info: ReadonlyMap<string, string>): 'mariadb-backup' | 'xtrabackup' {
  return /mariadb|mariabackup/i.test(`${info.get('tool_name')} ${info.get('server_version')}`)
    ? 'mariadb-backup'
    : 'xtrabackup'
}

function serverContent(
  notes: ReadonlyMap<string, string>,
  { server: { lowerCaseTableNames } }: StreamBackupOptions,
): PhysicalContent['server'] {
  const options = settingsIn(notes, 'backup-my.cnf')
  const dataFilePath = options.get('innodb_data_file_path')
  const keyring = options.get('plugin_load')
  const position = binlogPosition(notes)
  return {
    pageBytes: Number(options.get('innodb_page_size') ?? 16_384),
    ...(lowerCaseTableNames === undefined ? {} : { lowerCaseTableNames }),
    ...(dataFilePath === undefined ? {} : { dataFilePath }),
    ...(position === undefined ? {} : { binlogBase: position.file.replace(/\.\d+$/, '') }),
    architecture: machine(),
    plugins: [],
    ...(keyring === undefined ? {} : { keyring }),
  }
}

/**
 * A time at which the backup had ended. `end_time` is in a time zone that is not noted, and a time that is too early would have the backup chosen for a moment that it
 * has passed already; one that is too late only leaves such moments to an older one. So it is the latest that can be true.
 */
function endedBeforeMs(info: ReadonlyMap<string, string>, { writtenAtMs }: StreamBackupOptions): number {
  const now = Date.now()
  if (writtenAtMs === undefined) return now
  const noted = Date.parse((info.get('end_time') ?? '').replace(' ', 'T'))
  return Math.min(now, Math.max(writtenAtMs, Number.isNaN(noted) ? now : noted))
}
