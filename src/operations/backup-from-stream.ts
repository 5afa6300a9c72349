// Use case: take the stream that mariadb-backup or xtrabackup has made, from a file or a pipe, as a backup.
import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { numberIn, readServerOptions } from '../config/server-options.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { backUpStream } from '../physical/mariadb-backup/back-up-stream.ts'
import type { UseCase } from './backup-instance.ts'
import { commitFiles } from './commit-files.ts'
import { sourceIdentity } from './identify-source.ts'
import { openRepository, type RepositoryAccess } from './open-repository.ts'

export interface StreamBackupRequest {
  readonly access: RepositoryAccess
  /** Name of the instance in the repository. */
  readonly source: string
  /** A file, or `-` for `stdin`. */
  readonly from: string
  readonly stdin: Readable
  /** The option file of the server that was backed up. */
  readonly optionFile?: string | undefined
  readonly env: NodeJS.ProcessEnv
}

/** Throws CONFIG_INVALID for a file that cannot be read, FAILED for what is no whole stream, and what storing throws: then there is no backup. */
export async function backupFromStream(
  { access, source: name, from, stdin, optionFile, env }: StreamBackupRequest,
  { emit, signal }: UseCase,
): Promise<BackupSummary> {
  const values = optionFile === undefined ? undefined : (await readServerOptions(optionFile, env)).values
  const repository = await openRepository(access, signal)
  const source = repository.source(name)
  const known = await source.describe(signal)
  const file = from === '-' ? undefined : await statsOf(from)
  emit({ type: 'phase', phase: 'reading the stream', detail: from === '-' ? 'from stdin' : from })
  const said = numberIn(values, 'server-id')
  const server = {
    serverId: said ?? known?.serverId,
    isAssumed: said === undefined,
    gtidDomainId: numberIn(values, 'gtid-domain-id') ?? known?.gtidDomainId,
    lowerCaseTableNames: numberIn(values, 'lower-case-table-names'),
  }
  return await commitFiles(source, 'mariadb-backup', access.place, { emit, signal }, async (sink, either) => {
    // A pipe may stay open with nothing coming: whoever waits for it is told that the work is over.
    const stream = addAbortSignal(
      either,
      from === '-' ? stdin : createReadStream(from, { highWaterMark: 1024 * 1024 }),
    )
    await using closing = new AsyncDisposableStack()
    closing.defer(() => void stream.destroy())
    const stored = await explainStream(from, () =>
      backUpStream({
        stream,
        sizeBytes: file?.size,
        writtenAtMs: file?.mtimeMs,
        server,
        sink,
        emit,
        signal: either,
      }),
    )
    await source.ensure(sourceIdentity(stored.origin), signal)
    return stored
  })
}

async function statsOf(file: string): Promise<Stats> {
  try {
    return await stat(file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new HoldfastError(
      'CONFIG_INVALID',
      `${file} cannot be read: ${String(error.code)}`,
      { file },
      { cause: error },
    )
  }
}

async function explainStream<T>(from: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MalformedDataError)) throw error
    throw new HoldfastError(
      'FAILED',
      `${from === '-' ? 'stdin' : from} is no whole stream of mariadb-backup or xtrabackup: ${error.message}`,
      { from },
      {
        cause: error,
        hint: 'Make it with --backup --stream=mbstream (xtrabackup: xbstream), and see that the program ended well; nothing of this backup was kept.',
      },
    )
  }
}
