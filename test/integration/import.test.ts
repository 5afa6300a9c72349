// Dumps of other programs come into the repository and back out of it as they would have loaded themselves.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { chmod, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { fillShop } from '../../scripts/sample-shop/fill-shop.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { loadCorpus } from '../support/corpus.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWitness } from '../support/witness.ts'

const run = promisify(execFile)

/** The server's own dump program, into a file. */
async function dumpTo(file: string, { programs }: TestServer, args: readonly string[]): Promise<void> {
  const [program, ...login] = programs.dump
  const child = spawn(program, [...login, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()))
  const [[code]] = await Promise.all([once(child, 'close'), pipeline(child.stdout, createWriteStream(file))])
  assert.equal(code, 0, errors)
}

async function fillSource(server: TestServer): Promise<void> {
  await loadCorpus(server)
  await using witness = await openWitness(server)
  await fillShop(witness.query, { flavour: server.flavour, orders: 200 })
  // No dump program dumps a view that is broken.
  await server.sql('DROP VIEW corpus.broken')
}

async function newRepository(folder: string): Promise<readonly string[]> {
  const words = ['--repository', path.join(folder, 'repository')]
  const key = path.join(folder, 'recovery.key')
  await succeed(['init', ...words, '--identity-out', key])
  return [...words, '--identity', key]
}

/** The words about a repository that never read what is encrypted. */
function writing(words: readonly string[]): readonly string[] {
  return words.slice(0, 2)
}

interface Imported {
  readonly schemas: number
  readonly tables: number
  readonly rows: number
  readonly backup: {
    readonly id: string
    readonly isPartial: boolean
    readonly warnings: readonly string[]
    readonly point: {
      readonly position?: { readonly file: string; readonly offset: number }
      readonly gtid?: { readonly text: string }
    }
  }
}

async function importDump(words: readonly string[], ...more: readonly string[]): Promise<Imported> {
  const told = await holdfast(['import', ...writing(words), '--name', 'db1', '--json', ...more])
  assert.ok(told.exit === 0 || told.exit === 3, told.output)
  const answer: Imported & { type: string } = JSON.parse(told.stdout.trim().split('\n').at(-1) ?? '')
  return answer
}

/** Loads the newest backup of db1 into a new server and compares that with the source. */
async function differencesAfter(words: readonly string[], source: TestServer): Promise<readonly string[]> {
  const verified = await succeed(['verify', 'db1', ...words, '--read-data'])
  assert.match(verified.stdout, / is intact: 1 backup, /)
  await using target = await startServer(source.kind, { args: ['--local-infile=1'] })
  const restored = await holdfast([
    'restore',
    'db1',
    ...words,
    '--to',
    'backup',
    '--backup',
    await newest(words),
    '--target',
    target.url(),
    '--confirm',
    'db1',
  ])
  assert.ok(restored.exit === 0 || restored.exit === 3, restored.output)
  const differences = await differencesBetween(source, target)
  return differences.map((text) => text.slice(0, text.indexOf(':')))
}

async function newest(words: readonly string[]): Promise<string> {
  const { stdout } = await succeed(['list', 'db1', ...words, '--json'])
  const listed: { sources: { backups: { id: string }[] }[] } = JSON.parse(stdout)
  const ids = listed.sources.flatMap(({ backups }) => backups.map(({ id }) => id)).toSorted()
  return ids.at(-1) ?? ''
}

/** What no dump program writes: digits of FLOAT, the error value beside an empty member, when an event was made. */
const lostInEveryDump = [
  'checksum of corpus.enum_error_or_empty',
  'checksum of corpus.floats',
  'events of corpus',
  'events of shop',
]
/** Bytes that have no character, or share one with others: text goes through utf8mb4. */
const lostAsText = [
  'bytes of corpus.charsets',
  'bytes of corpus.every_character_byte',
  'checksum of corpus.charsets',
  'checksum of corpus.every_character_byte',
]
const lostOnMysql = ['bytes of corpus.json_typed', 'checksum of corpus.json_typed']
/** A sequence's round, and rows of the past. */
const lostOnMariadb = [
  'bytes of corpus.versioned_by_transaction',
  'checksum of corpus.cycled',
  'checksum of corpus.versioned_by_transaction',
  'checksum of shop.customers',
  'history of corpus.versioned_by_transaction',
  'state of corpus.cycled',
]
const lostHistory = [
  'checksum of corpus.versioned',
  'checksum of corpus.versioned_named',
  'history of corpus.versioned',
  'history of corpus.versioned_named',
]

function lossesOf(server: TestServer, ...more: readonly (readonly string[])[]): readonly string[] {
  return [
    ...lostInEveryDump,
    ...(server.flavour === 'mysql' ? lostOnMysql : lostOnMariadb),
    ...more.flat(),
  ].toSorted()
}

/** Without accounts, and without MariaDB's checksums of a stored generated column, which differ for equal rows. */
function withoutAccounts(differences: readonly string[]): readonly string[] {
  return differences
    .filter((name) => !/^(?:accounts|account .*|grants of .*|checksum of shop\.order_items)$/.test(name))
    .toSorted()
}

const positionArgument = { mysql: '--source-data=2', mariadb: '--master-data=2' } as const

eachServer('a dump of everything comes back as it was, but for what it has lost itself', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await fillSource(source)
  const words = await newRepository(folder.path)
  const file = path.join(folder.path, 'all.sql')
  const everything = ['--all-databases', '--routines', '--events', '--single-transaction']
  await dumpTo(file, source, [
    ...everything,
    positionArgument[source.flavour],
    ...(source.flavour === 'mariadb' ? ['--gtid'] : []),
  ])
  const imported = await importDump(words, file)
  assert.equal(imported.backup.isPartial, false)
  assert.equal(imported.backup.point.position?.file, 'binlog.000001')
  assert.ok((imported.backup.point.position?.offset ?? 0) > 10_000)
  assert.match(
    imported.backup.point.gtid?.text ?? '',
    source.flavour === 'mysql' ? /^[0-9a-f-]{36}:1-\d+$/ : /^0-\d+-\d+$/,
  )
  const warnings = imported.backup.warnings.join('\n')
  assert.match(warnings, /six digits of a FLOAT.*: corpus\.floats, shop\.customers/)
  assert.match(warnings, /accounts and grants, are not part of the backup: mysql/)
  const counted = await countRows(source)
  assert.equal(imported.tables, counted.tables)
  assert.equal(imported.rows, counted.rows)
  const differences = await differencesAfter(words, source)
  const history = source.flavour === 'mariadb' ? lostHistory : []
  assert.deepEqual(withoutAccounts(differences), lossesOf(source, lostAsText, history))
})

async function countRows(server: TestServer): Promise<{ tables: number; rows: number }> {
  const tables = (
    await server.sql(
      `SELECT CONCAT('\`', REPLACE(TABLE_SCHEMA, '\`', '\`\`'), '\`.\`', REPLACE(TABLE_NAME, '\`', '\`\`'), '\`') FROM information_schema.TABLES
       WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
       AND TABLE_NAME NOT LIKE '%newline%'`,
    )
  )
    .trim()
    .split('\n')
  const counts = await server.sql(tables.map((table) => `SELECT COUNT(*) FROM ${table};`).join('\n'))
  const rows = counts
    .trim()
    .split('\n')
    .reduce((sum, count) => sum + Number(count), 0)
  // The table with a line feed in its name, which this cannot ask for, has one row.
  return { tables: tables.length + 1, rows: rows + 1 }
}
