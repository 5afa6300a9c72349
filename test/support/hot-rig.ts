// Hot copies of a test's server in memory, stopped in the middle for whatever is to happen there, and servers on what became of them.
import { setTimeout as sleep } from 'node:timers/promises'
import type { EmitEvent } from '../../src/core/events.ts'
import { defaultLockBounds } from '../../src/instance/lock-wait.ts'
import { backUpRunningServer } from '../../src/physical/hot/back-up-running-server.ts'
import { type PhysicalRun, physicalRun, startOnFiles } from './comes-back.ts'
import { MemoryBackup } from './memory-backup.ts'
import type { TestServer } from './servers.ts'

const slowMs = 1000

export interface HotRun extends PhysicalRun {
  readonly result: Awaited<ReturnType<typeof backUpRunningServer>>
}

export interface HotRunOptions {
  readonly directory?: string
  /** Done while files are read, which go slowly until it is done: where `fillMiddle` was called, only a part of them is read before. */
  readonly inTheMiddle?: () => Promise<void>
  /** Asked for every piece before it is stored. */
  readonly beforeEach?: () => Promise<void>
  readonly patienceMs?: number
  readonly emit?: EmitEvent
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
    ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
    sink: {
      putChunk: async (bytes) => {
        middle ??= options.inTheMiddle?.()
        await Promise.race([middle, sleep(slowMs)])
        await options.beforeEach?.()
        return backup.putChunk(bytes)
      },
    },
    emit: options.emit ?? (() => undefined),
    signal: new AbortController().signal,
  })
  await middle
  return physicalRun(backup, result)
}

/** A server that recovers the files of a hot copy. */
export function startOn(source: TestServer, run: HotRun, args: readonly string[] = []): Promise<TestServer> {
  return startOnFiles(source.kind, run, { args })
}
