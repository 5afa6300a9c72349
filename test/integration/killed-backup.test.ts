// kill -9 of a backup at each of its steps in turn: earlier backups stay whole, nothing is left held, and the next one succeeds.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { Repository } from '../../src/repository/repository.ts'
import type { SourceRepository } from '../../src/repository/source-repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const program = fileURLToPath(new URL('../support/stepped-backup.ts', import.meta.url))

/** 7 MB that do not compress, for several chunks and packs however these are cut, and a table that no backup changes. */
const tables = `CREATE DATABASE d; CREATE TABLE d.same (id INT PRIMARY KEY, v TEXT); INSERT INTO d.same VALUES (1, 'one'), (2, 'two');
  CREATE TABLE d.big (id INT AUTO_INCREMENT PRIMARY KEY, v BLOB NOT NULL);
  INSERT INTO d.big (v) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT RANDOM_BYTES(1000) FROM n;
  ${'INSERT INTO d.big (v) SELECT RANDOM_BYTES(1000) FROM d.big;'.repeat(3)}`

async function openSource(folder: string): Promise<SourceRepository> {
  const store = new DirectoryStore(path.join(folder, 'repository'))
  const repository = await Repository.open(store, { stateDirectory: path.join(folder, 'state') })
  return repository.source('shop')
}

async function backUp(source: SourceRepository, server: TestServer): Promise<string> {
  await using session = await source.beginBackup('logical', 'dump')
  const { id } = await session.commit(await dumpLogical({ settings: server.settings(), sink: session }))
  return id
}

async function idsOf(source: SourceRepository): Promise<readonly string[]> {
  return (await source.listBackups()).map(({ id }) => id)
}

const packTargetBytes = 1024 * 1024
/** A chunk has 4 MiB at most, and a pack of that target is put as soon as it holds one. */
const mostPackBytes = 4.1 * 1024 * 1024

async function packBytes(folder: string): Promise<number> {
  const packs = path.join(folder, 'repository', 'sources', 'shop', 'packs')
  let bytes = 0
  for (const entry of await readdir(packs, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size
  return bytes
}

/** What the rows of a backup are: two of the same rows answer the same. */
async function rowsOf(source: SourceRepository, id: string): Promise<readonly string[]> {
  const backup = await source.openBackup(id)
  const lines: string[] = []
  for (const name of backup.objectNames()) {
    const { chunks } = await backup.object(name)
    for (const chunk of chunks) lines.push(`${name}: ${chunk.rows} ${chunk.rowHash}`)
  }
  return lines.toSorted()
}

/** A step by its name, and how many of that name came before it: packs are put while rows are read, in no fixed order. */
interface Step {
  readonly name: string
  readonly count: number
}

interface Run {
  readonly steps: readonly Step[]
  readonly wasKilled: boolean
}

async function steppedBackup(folder: string, server: TestServer, fatal?: Step): Promise<Run> {
  const places = [path.join(folder, 'repository'), path.join(folder, 'state'), String(server.port)]
  const words = [program, ...places, ...(fatal === undefined ? [] : [fatal.name, String(fatal.count)])]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  await once(child, 'close')
  if (fatal === undefined) assert.equal(child.exitCode, 0)
  const names = output.trim().split('\n')
  const steps = names.map((name, at) => ({
    name,
    count: names.slice(0, at).filter((n) => n === name).length,
  }))
  return { steps, wasKilled: child.signalCode === 'SIGKILL' }
}

/** The whole list on one kind; on the others only what happens on the server, which is what differs. */
const thoroughKind = someKind('mariadb')
const onServer = [
  'reading definitions',
  'taking a consistent snapshot',
  'reading tables',
  'reading tables: a chunk',
]
const lastBefore = 'amid: put backups'
const few = ['taking a consistent snapshot', 'reading tables: a chunk', lastBefore]

eachServer('a backup that is killed at any of its steps costs itself and nothing else', async (kind) => {
  await using directory = await temporaryDirectory()
  await using server = await startServer(kind, { sql: tables })
  const folder = (name: string) => path.join(directory.path, name)
  await Repository.create(new DirectoryStore(path.join(folder('start'), 'repository')), {
    recipients: 'generate',
    encrypt: false,
    packTargetBytes,
  })
  const first = await backUp(await openSource(folder('start')), server)
  await server.sql('UPDATE d.big SET v = RANDOM_BYTES(1000) WHERE id > 500')

  await cp(folder('start'), folder('whole'), { recursive: true })
  const { steps } = await steppedBackup(folder('whole'), server)
  const whole = await openSource(folder('whole'))
  const rows = await rowsOf(whole, (await idsOf(whole)).at(-1) ?? '')
  const names = steps.map(({ name }) => name)
  for (const name of [...onServer, 'amid: put packs', 'after: put packs', lastBefore]) {
    assert.ok(names.includes(name), `no ${name} in ${names.join(', ')}`)
  }
  assert.ok(names.filter((name) => name === 'after: put packs').length > 1, names.join(', '))
  assert.ok(names.filter((name) => name === 'reading tables: a chunk').length > 1, names.join(', '))

  const isChosen = ({ name, count }: Step) =>
    // The lease is renewed and given back as it was taken.
    kind === thoroughKind ? count === 0 || !name.endsWith('replace lease') : count === 0 && few.includes(name)
  for (const step of steps.filter(isChosen)) {
    const where = `${step.name}, number ${step.count}`
    const place = folder(where.replaceAll(/\W/g, '-'))
    await cp(folder('start'), place, { recursive: true })
    const run = await steppedBackup(place, server, step)
    assert.ok(run.wasKilled, where)
    assert.deepEqual(run.steps.at(-1), step, where)

    const source = await openSource(place)
    const left = await idsOf(source)
    assert.equal(left[0], first, where)
    // With the manifest the backup is there, and whole; before it, there is nothing of it.
    assert.equal(left.length, run.steps.some(({ name }) => name === 'after: put backups') ? 2 : 1, where)
    if (left[1] !== undefined) assert.deepEqual(await rowsOf(source, left[1]), rows, where)
    assert.deepEqual((await source.verify({ readData: true })).problems, [], where)
    // Neither locks nor transactions of the killed one hold up the server.
    await server.sql("SET SESSION lock_wait_timeout = 5; ALTER TABLE d.big COMMENT = 'changed'")
    assert.deepEqual(await rowsOf(source, await backUp(source, server)), rows, where)
    // What the killed one had stored is not stored again, but for the pack that it was filling.
    const more = (await packBytes(place)) - (await packBytes(folder('whole')))
    assert.ok(more < mostPackBytes, `${more} bytes more than without a kill: ${where}`)
    assert.deepEqual((await source.verify({ readData: true })).problems, [], where)
  }
})
