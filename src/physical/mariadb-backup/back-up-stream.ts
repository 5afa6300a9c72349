// A backup out of a stream that somebody had mariadb-backup or xtrabackup make: from a file, or from a pipe as it comes.
import { machine } from 'node:os'
import type { BackupOrigin, BackupSink, StoredBackup } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import type { PhysicalContent } from '../content.ts'
import { Pouring } from '../pour/pouring.ts'
import { binlogGtid, binlogPosition, requireFullBackup, settingsIn } from './notes.ts'
import { takeStream } from './stream-intake.ts'
import { xbstreamPieces } from './xbstream.ts'

export interface StreamBackupOptions {
  readonly stream: AsyncIterable<Buffer>
  /** Of its bytes, where it is a file. */
  readonly sizeBytes?: number | undefined
  /** What no note says. */
  readonly server: {
    readonly serverId?: number | undefined
    readonly gtidDomainId?: number | undefined
    readonly lowerCaseTableNames?: number | undefined
  }
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
    const origin = originOf(info, notes, options)
    pouring.leaveOut('binary logs', 'they are for the archive')
    const { objects, ...poured } = await pouring.finish()
    const content: PhysicalContent = {
      format: 1,
      server: serverContent(notes, options),
      prepare: { program, version: info.get('tool_version') ?? origin.serverVersion },
      isClean: false,
      optionFiles: [],
      ...poured,
    }
    const point = pointOf(info, notes, origin)
    const isPartial = info.get('partial') === 'Y'
    const warnings = point.position === undefined ? [unplaced] : []
    return {
      kind: 'physical',
      method: 'mariadb-backup',
      origin,
      point,
      content,
      objects,
      isPartial,
      warnings,
    }
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

function originOf(
  info: ReadonlyMap<string, string>,
  notes: ReadonlyMap<string, string>,
  { server }: StreamBackupOptions,
): BackupOrigin {
  const serverVersion = info.get('server_version')
  if (serverVersion === undefined) {
    throw new HoldfastError('FAILED', 'the stream does not say which server it is of: its note is missing', {
      note: 'xtrabackup_info',
    })
  }
  // 0 for what nobody says: then the name in the repository is of no certain server.
  const { serverId = 0, gtidDomainId } = server
  if (/mariadb/i.test(serverVersion)) {
    const domains = new Set(
      binlogGtid(notes)
        ?.split(',')
        .map((gtid) => gtid.split('-')[0]),
    )
    const [only] = domains.size === 1 ? domains : []
    return { flavour: 'mariadb', serverVersion, serverId, gtidDomainId: gtidDomainId ?? Number(only ?? 0) }
  }
  const options = settingsIn(notes, 'backup-my.cnf')
  const serverUuid = options.get('server_uuid')
  return {
    flavour: 'mysql',
    serverVersion,
    serverId: serverId === 0 ? Number(options.get('server_id') ?? 0) : serverId,
    ...(serverUuid === undefined ? {} : { serverUuid }),
  }
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

/** `end_time` is in the time zone of the host that it was written on: most likely this one. */
function pointOf(
  info: ReadonlyMap<string, string>,
  notes: ReadonlyMap<string, string>,
  { flavour }: BackupOrigin,
): RecoveryPoint {
  const endMs = Date.parse((info.get('end_time') ?? '').replace(' ', 'T'))
  const timeMicros = (Number.isNaN(endMs) ? Date.now() : endMs) * 1000
  const position = binlogPosition(notes)
  if (position === undefined) return { timeMicros }
  const text = binlogGtid(notes)
  return { position, ...(text === undefined ? {} : { gtid: { flavour, text } }), timeMicros }
}
