// A server with a shop, a repository and one backup of it: what faults are let loose on.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import { succeed } from './holdfast.ts'
import { type ServerKind, startServer, type TestServer } from './servers.ts'
import { createShop } from './shop.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface FaultJob extends AsyncDisposable {
  readonly folder: string
  readonly source: TestServer
  /** Options of every command: repository, and the name of the instance where it is not an argument. */
  readonly writing: readonly string[]
  readonly reading: readonly string[]
  readonly env: Readonly<Record<string, string>>
  listBackups(): Promise<readonly string[]>
  assertIntact(): Promise<void>
}

/** A server with the shop, a repository and one backup of it. */
export async function startFaultJob(kind: ServerKind): Promise<FaultJob> {
  const folder = await temporaryDirectory()
  const source = await startServer(kind)
  await createShop(source)
  const repository = path.join(folder.path, 'repository')
  const key = path.join(folder.path, 'recovery.key')
  await succeed(['init', '--repository', repository, '--identity-out', key])
  const writing = ['--repository', repository, '--name', 'shop']
  const reading = ['--repository', repository, '--identity', key]
  await succeed(['backup', source.url(), ...writing])
  return {
    folder: folder.path,
    source,
    writing,
    reading,
    env: { HOLDFAST_SPOOL: path.join(folder.path, 'spool') },
    async listBackups() {
      const run = await succeed(['list', 'shop', ...reading, '--json'])
      const { sources }: { sources: { backups: { id: string }[] }[] } = JSON.parse(run.stdout)
      return (sources[0]?.backups ?? []).map(({ id }) => id)
    },
    async assertIntact() {
      const run = await succeed(['verify', 'shop', ...reading, '--read-data', '--json'])
      assert.match(run.stdout, /"isIntact":true/)
    },
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Rows that do not compress: about `megabytes` of them, so that work on them takes a while. */
export async function addBulk(server: TestServer, megabytes: number): Promise<void> {
  await server.sql(`
CREATE TABLE shop.bulk (id INT AUTO_INCREMENT PRIMARY KEY, data BLOB NOT NULL) ENGINE=InnoDB;
INSERT INTO shop.bulk (data) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT RANDOM_BYTES(1000) FROM n;
${'INSERT INTO shop.bulk (data) SELECT RANDOM_BYTES(1000) FROM shop.bulk LIMIT 1000;\n'.repeat(megabytes - 1)}`)
}

/** Acts at the first output only. */
export function once(act: (child: ChildProcess) => unknown): (text: string, child: ChildProcess) => void {
  let isDone = false
  return (_, child) => {
    if (isDone) return
    isDone = true
    act(child)
  }
}
