// A hot backup: the files of a server that runs, by SQL and plain reads on its host, and the redo log that makes one moment of them.
import { access, constants } from 'node:fs/promises'
import type { BackupSink, StoredBackup } from '../../core/backup.ts'
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { EmitEvent } from '../../core/events.ts'
import { backupOrigin, inspectInstance } from '../../instance/instance-facts.ts'
import type { LockBounds } from '../../instance/lock-wait.ts'
import { openReadSession } from '../../instance/read-session.ts'
import { readServerVariables } from '../../instance/server-variables.ts'
import { explainRead } from '../cold/unreadable.ts'
import { Pouring } from '../pour/pouring.ts'
import { serverContent } from '../server-content.ts'
import { storedBackup } from '../stored-backup.ts'
import type { HotCandidate, HotSession } from './hot-session.ts'
import { requireKnownEngines } from './known-engines.ts'
import { copyMariadb, requireHotMariadb } from './mariadb/copy-server.ts'
import { copyMysql, requireHotMysql } from './mysql/copy-server.ts'
import { serverFolders } from './server-folders.ts'

export interface HotBackupOptions {
  readonly settings: ConnectionSettings
  /** Where the data directory is seen from here, if not where the server says. */
  readonly directory?: string | undefined
  readonly lockBounds: LockBounds
  /** How long the server may wait for us when locks are taken; 20 s. */
  readonly patienceMs?: number
  readonly sink: BackupSink
  readonly emit: EmitEvent
  readonly signal: AbortSignal
}

/** What is read under locks has been read before, and what changed since is little. */
const patienceMs = 20_000

/** Throws UNSUPPORTED for a server that cannot be copied so; asks it, and takes no lock. */
export async function requireHot(session: HotCandidate): Promise<void> {
  await requireKnownEngines(session)
  await methods[session.facts.flavour].require(session)
}

const methods = {
  mysql: { require: requireHotMysql, copy: copyMysql },
  mariadb: { require: requireHotMariadb, copy: copyMariadb },
} as const

/**
 * Throws UNSUPPORTED for what cannot be copied so, LOCK_WAIT, PAGE_DAMAGED, and what reading and storing throw: then there is no backup. The
 * server keeps nothing for it when this returns, nor when this process is gone.
 */
export async function backUpRunningServer(options: HotBackupOptions): Promise<StoredBackup> {
  const { settings, lockBounds, sink, emit, signal } = options
  const connection = await openReadSession(settings, signal)
  const pouring = new Pouring(sink)
  try {
    const facts = await inspectInstance(connection, { signal })
    const variables = await readServerVariables(connection, { signal })
    const folders = serverFolders(variables, options.directory)
    await requireReadable(folders.data)
    const progress = progressOf(emit)
    const session: HotSession = {
      connection,
      connect: () => openReadSession(settings, signal),
      facts,
      variables,
      folders,
      copy: {
        flavour: facts.flavour,
        pageBytes: variables.number('innodb_page_size'),
        intake: pouring,
        read: progress.read,
        signal,
      },
      wait: { bounds: lockBounds, emit, signal },
      expect: progress.expect,
      patienceMs: options.patienceMs ?? patienceMs,
      signal,
    }
    const method = methods[facts.flavour]
    const { point, snapshot } = await explainRead(folders.data, async () => {
      await requireHot(session)
      return await method.copy(session)
    })
    await connection.close()
    const server = serverContent(variables)
    if (server.binlogBase !== undefined)
      pouring.leaveOut(
        `${server.binlogBase}.*`,
        'binary logs that are not in this backup are for the archive',
      )
    const content = { server, snapshot }
    return storedBackup(await pouring.finish(), {
      method: 'hot',
      origin: backupOrigin(facts),
      point,
      content,
    })
  } finally {
    // Its locks end with it.
    connection.destroy()
    await pouring.settle()
  }
}

function progressOf(emit: EmitEvent): Pick<HotSession, 'expect'> & { read: (bytes: number) => void } {
  let done = 0
  let total = 0
  return {
    expect: (bytes) => {
      total += bytes
    },
    read: (bytes) => {
      done += bytes
      emit({
        type: 'progress',
        phase: 'reading files',
        done,
        total: Math.max(total, done),
        isEstimate: true,
        unit: 'bytes',
      })
    },
  }
}

async function requireReadable(directory: string): Promise<void> {
  try {
    await access(directory, constants.R_OK | constants.X_OK)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new HoldfastError(
      'CONFIG_INVALID',
      `the data directory ${directory} of the server cannot be read here: ${code}`,
      { directory },
      {
        cause: error,
        hint: 'A hot copy is made on the host of the server, as root or as its account; --datadir DIR names the directory where it has another name here. From afar use --method clone (MySQL) or --method dump.',
      },
    )
  }
}
