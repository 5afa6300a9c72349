// Backups of a server's files by the command line: what it has to know of the server, and the proof that they come back whole.
import assert from 'node:assert/strict'
import path from 'node:path'
import { type PhysicalContent, parsePhysicalContent } from '../../src/physical/content.ts'
import { restoreFiles } from '../../src/physical/restore/restore-files.ts'
import { differencesBetween } from './compare-servers.ts'
import { succeed } from './holdfast.ts'
import type { MemoryBackup } from './memory-backup.ts'
import { type ServerKind, startServer, type TestServer } from './servers.ts'
import { temporaryDirectory } from './temporary-directory.ts'
import type { Volume } from './volumes.ts'

export type Environment = Readonly<Record<string, string>>

/** Everything lies in `folder`; of a volume, the programs that make its snapshots. */
export function environmentOf(
  source: Pick<TestServer, 'flavour' | 'programs'>,
  folder: string,
  volume?: Volume,
): Environment {
  return {
    HOLDFAST_REPOSITORY: path.join(folder, 'repository'),
    HOLDFAST_SPOOL: path.join(folder, 'spool'),
    [source.flavour === 'mysql' ? 'HOLDFAST_MYSQLD' : 'HOLDFAST_MARIADBD']: source.programs.server,
    ...(volume === undefined ? {} : { PATH: `${volume.programs}:${process.env['PATH']}` }),
  }
}

/** The newest backup of `shop` and the archive behind it, restored into `directory`, are what the server is now. */
export async function assertComesBack(
  source: TestServer,
  env: Environment,
  directory: string,
  words: readonly string[] = [],
): Promise<void> {
  const run = await succeed(['restore', 'shop', '--datadir', directory, ...words], { env })
  assert.match(run.stdout, /^Restored shop to .+ recovered, \d+ transactions replayed and shut down/)
  await using restored = await startServer(source.kind, { dataDir: directory })
  assert.deepEqual(await differencesBetween(source, restored), [])
  const accounts = await restored.sql("SELECT user FROM mysql.user WHERE user LIKE 'holdfast%'")
  assert.equal(accounts, '', 'no account of the recovery is left')
}

export interface PhysicalRun {
  readonly backup: MemoryBackup
  readonly result: Parameters<MemoryBackup['source']>[0]
  /** As a restore reads it. */
  readonly content: PhysicalContent
}

/** As it comes out of a repository. */
export function physicalRun<Result extends PhysicalRun['result']>(backup: MemoryBackup, result: Result) {
  return { backup, result, content: parsePhysicalContent(JSON.parse(JSON.stringify(result.content))) }
}

export interface StartOnFilesOptions {
  readonly args?: readonly string[]
  /** Done in the restored directory before the server starts. */
  readonly prepare?: (directory: string) => Promise<unknown>
}

/** A server that recovers the files of a backup; they go with it. */
export async function startOnFiles(
  kind: ServerKind,
  { backup, result, content }: PhysicalRun,
  { args = [], prepare }: StartOnFilesOptions = {},
): Promise<TestServer> {
  const folder = await temporaryDirectory()
  try {
    const directory = path.join(folder.path, 'data')
    await restoreFiles(backup.source(result), content, { directory })
    await prepare?.(directory)
    const server = await startServer(kind, { dataDir: directory, args })
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
