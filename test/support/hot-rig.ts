// Hot copies of a test's server in memory, stopped in the middle for whatever is to happen there, and servers on what became of them.
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultLockBounds } from '../../src/instance/lock-wait.ts'
import { type PhysicalContent, parsePhysicalContent } from '../../src/physical/content.ts'
import { backUpRunningServer } from '../../src/physical/hot/back-up-running-server.ts'
import { restoreFiles } from '../../src/physical/restore/restore-files.ts'
import { MemoryBackup } from './memory-backup.ts'
import { startServer, type TestServer } from './servers.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const slowMs = 1000

export interface HotRun {
  readonly backup: MemoryBackup
  readonly result: Awaited<ReturnType<typeof backUpRunningServer>>
  /** As a restore reads it. */
  readonly content: PhysicalContent
}

export interface HotRunOptions {
  readonly directory?: string
  /** Done while files are read, which go slowly until it is done: where `fillMiddle` was called, only a part of them is read before. */
  readonly inTheMiddle?: () => Promise<void>
}

/** Several times what is on its way at once: who reads it waits for the sink. */
export async function fillMiddle(server: TestServer): Promise<void> {
  await server.sql(`
    CREATE DATABASE middle;
    CREATE TABLE middle.rows_of_it (id INT AUTO_INCREMENT PRIMARY KEY, bytes LONGBLOB);
    INSERT INTO middle.rows_of_it (bytes) VALUES ${Array(96).fill("(REPEAT('holdfast', 131072))").join(', ')}`)
}

export async function hotCopyOf(server: TestServer, options: HotRunOptions = {}): Promise<HotRun> {
  const backup = new MemoryBackup()
  let middle: Promise<void> | undefined
  const result = await backUpRunningServer({
    settings: server.settings(),
    directory: options.directory,
    lockBounds: defaultLockBounds,
    sink: {
      putChunk: async (bytes) => {
        middle ??= options.inTheMiddle?.()
        await Promise.race([middle, sleep(slowMs)])
        return backup.putChunk(bytes)
      },
    },
    emit: () => undefined,
    signal: new AbortController().signal,
  })
  await middle
  return { backup, result, content: parsePhysicalContent(JSON.parse(JSON.stringify(result.content))) }
}

/** A server that recovers the files of a hot copy. */
export async function startOn(
  source: TestServer,
  { backup, result, content }: HotRun,
  args: readonly string[] = [],
): Promise<TestServer & AsyncDisposable> {
  const folder = await temporaryDirectory()
  try {
    const directory = path.join(folder.path, 'data')
    await restoreFiles(backup.source(result), content, { directory })
    const server = await startServer(source.kind, { dataDir: directory, args })
    const dispose = server[Symbol.asyncDispose].bind(server)
    return Object.assign(server, {
      async [Symbol.asyncDispose]() {
        await dispose()
        await folder[Symbol.asyncDispose]()
      },
    })
  } catch (error) {
    await folder[Symbol.asyncDispose]()
    throw error
  }
}
