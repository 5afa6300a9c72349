// What the files of a stopped server tell of the server: which it is, where its history ends, how it was shut down.
import { open, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { BackupOrigin } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { Flavour } from '../../core/flavour.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { mariadbRedoEnd } from '../innodb/mariadb-redo.ts'
import { mysqlRedoEnd } from '../innodb/mysql-redo.ts'
import type { RedoEnd, RedoFile } from '../innodb/redo-end.ts'
import { type BinlogEnd, readBinlogEnd } from './binlog-end.ts'
import type { Survey } from './survey.ts'
import { explainRead } from './unreadable.ts'

export interface StoppedServer {
  readonly origin: BackupOrigin
  readonly point: RecoveryPoint
  /** Why it is not known whether the server was shut down cleanly; absent when it is known that it was. */
  readonly doubt?: string
}

/** What an option file says, where one was given: files cannot tell. */
export interface ServerIds {
  readonly serverId?: number
  readonly gtidDomainId?: number
}

/**
 * Throws UNSUPPORTED for a directory that is no server's, or of one that was not shut down cleanly, and FAILED for a binary
 * log that cannot be read or breaks off.
 */
export async function readStoppedServer(
  survey: Survey,
  ids: ServerIds,
  signal?: AbortSignal,
): Promise<StoppedServer> {
  const flavour = flavourOf(survey)
  const redo = await redoEnd(survey, flavour)
  const log = await binlogEnd(survey, signal)
  if (redo?.isAtCheckpoint === false)
    throw notClean(survey, 'its redo log goes on behind the last checkpoint')
  if (log?.isClosed === false)
    throw notClean(survey, `${path.basename(survey.binlog?.last ?? '')} was never closed`)
  const serverUuid = flavour === 'mysql' ? await readServerUuid(survey) : undefined
  return {
    origin: {
      flavour,
      serverVersion: log?.serverVersion ?? redo?.creator.replace(/^\S+ /, '') ?? unknownRelease(survey),
      serverId: ids.serverId ?? log?.serverId ?? 1,
      ...(serverUuid === undefined ? {} : { serverUuid }),
      ...(flavour === 'mariadb' ? { gtidDomainId: ids.gtidDomainId ?? log?.gtidDomainId ?? 0 } : {}),
    },
    point: log?.point ?? { timeMicros: Math.round(lastChangeMs(survey) * 1000) },
    ...(redo?.isAtCheckpoint === undefined && log === undefined
      ? {
          doubt:
            'its redo log is encrypted or of a format that is not known here, and there is no binary log',
        }
      : {}),
  }
}

/** It may lie outside of the directory. */
async function binlogEnd(
  { binlog }: Survey,
  signal: AbortSignal | undefined,
): Promise<BinlogEnd | undefined> {
  if (binlog === undefined) return undefined
  const { last } = binlog
  return await explainRead(path.dirname(last), () => readBinlogEnd(last, signal))
}

function flavourOf({ directory, files }: Survey): Flavour {
  const names = new Set(files.map((file) => file.path))
  if (names.has('mysql.ibd')) {
    const kinds = new Set(files.map(({ kind }) => kind))
    if (names.has('ibdata1') && kinds.has('redo') && kinds.has('undo')) return 'mysql'
    throw new HoldfastError(
      'UNSUPPORTED',
      `${directory} has not all files of its server: ibdata1, redo and undo logs have to lie in it`,
      { directory },
      { hint: 'Take a logical backup (--method dump) of a server whose files lie in several directories.' },
    )
  }
  if (names.has('ibdata1') && names.has('ib_logfile0')) return 'mariadb'
  throw new HoldfastError(
    'UNSUPPORTED',
    `${directory} is not the data directory of a server: it has neither mysql.ibd (MySQL 8.0 and newer) nor ib_logfile0 (MariaDB)`,
    { directory },
  )
}

async function redoEnd({ directory, files }: Survey, flavour: Flavour): Promise<RedoEnd | undefined> {
  const redo = files.filter((file) => file.kind === 'redo')
  await using handles = new AsyncDisposableStack()
  const opened: RedoFile[] = []
  for (const { path: name, stats } of redo) {
    const handle = handles.use(await open(path.join(directory, name), 'r'))
    opened.push({
      sizeBytes: stats.size,
      read: async (offset, length) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset)
        return buffer.subarray(0, bytesRead)
      },
    })
  }
  const [first] = opened
  if (first === undefined) return undefined
  return await (flavour === 'mysql' ? mysqlRedoEnd(opened) : mariadbRedoEnd(first))
}

/** A restore has to know which server recovers the files. */
function unknownRelease({ directory }: Survey): never {
  throw new HoldfastError(
    'UNSUPPORTED',
    `it is not known which release wrote the files in ${directory}: neither a redo log nor a binary log says`,
    { directory },
    { hint: 'Start the server and shut it down once more, best with its binary log in the directory.' },
  )
}

function notClean({ directory }: Survey, why: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `the server of ${directory} was not shut down cleanly: ${why}`,
    { directory },
    {
      hint: 'Start the server, let it recover, and shut it down, best after SET GLOBAL innodb_fast_shutdown = 0; then back up.',
    },
  )
}

async function readServerUuid({ directory, files }: Survey): Promise<string | undefined> {
  if (!files.some((file) => file.path === 'auto.cnf')) return undefined
  const text = await readFile(path.join(directory, 'auto.cnf'), 'utf8')
  return /^\s*server-uuid\s*=\s*(\S+)/m.exec(text)?.[1]
}

/** Without a binary log: when the last of its files was written, which a shutdown does. */
function lastChangeMs({ files }: Survey): number {
  return files.reduce((latest, { stats }) => Math.max(latest, stats.mtimeMs), 0)
}
