// What we write for others is loaded by the servers' own programs alone, and comes back the same.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fillShop } from '../../scripts/sample-shop/fill-shop.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { exportFiles } from '../../src/logical/files/export-files.ts'
import { planScript } from '../../src/logical/script/script-plan.ts'
import { sqlStream } from '../../src/logical/script/sql-stream.ts'
import { NewFolder } from '../../src/operations/export-folder.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { loadCorpus, takeLossesAway } from '../support/corpus.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWitness } from '../support/witness.ts'

/** Runs a program in a folder. */
async function run(
  [program = '', ...args]: readonly string[],
  options: { readonly cwd?: string; readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const { cwd, input, env } = options
  const child = execFile(program, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 })
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (text: string) => (stdout += text))
  child.stderr?.on('data', (text: string) => (stderr += text))
  if (child.stdin !== null) {
    child.stdin.on('error', () => undefined)
    if (input === undefined) child.stdin.end()
    else createReadStream(input).pipe(child.stdin)
  }
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}

/** With restore.sh and the server's own client. */
async function restoreFolder(folder: string, target: TestServer) {
  const [client, ...login] = target.programs.client
  return run(['sh', path.join(folder, 'restore.sh'), ...login], { env: { MYSQL: client } })
}

async function backUp(source: TestServer) {
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory })
  return memory.source(result)
}

async function exportTo(folder: string, source: TestServer) {
  const backup = await backUp(source)
  const plan = planScript(backup)
  const made = await NewFolder.make(folder)
  return { plan, report: await exportFiles({ plan, backup, folder: made, of: { source: 'x', id: 'y' } }) }
}

async function streamTo(file: string, source: TestServer) {
  const backup = await backUp(source)
  const plan = planScript(backup)
  await writeFile(file, sqlStream(plan, backup))
  return plan
}

/** Things that only a text that others cut apart can spoil. */
const textTraps = `
SET NAMES utf8mb4;
CREATE DATABASE traps;
USE traps;
CREATE TABLE con (id INT PRIMARY KEY, v VARCHAR(10));
CREATE TABLE \`-rf\` (id INT PRIMARY KEY);
CREATE TABLE \`..\` (id INT PRIMARY KEY);
INSERT INTO con VALUES (3, 'a\\r\\nb'); INSERT INTO \`-rf\` VALUES (4); INSERT INTO \`..\` VALUES (5);
SET GLOBAL log_bin_trust_function_creators = 1;
DELIMITER //
CREATE FUNCTION says_nothing(a INT) RETURNS INT BEGIN RETURN a; END//
CREATE PROCEDURE crlf() BEGIN\r\n  SELECT 1;\r\n  SELECT '\r\n;;$$';\r\nEND//
DELIMITER ;
SET GLOBAL log_bin_trust_function_creators = 0;
`

async function loadTraps(server: TestServer): Promise<void> {
  const so = Buffer.from([0x83, 0x5c])
  const sjis = Buffer.concat([
    Buffer.from("\\C sjis\nUSE traps;\nDELIMITER //\nCREATE PROCEDURE in_sjis() BEGIN SELECT '"),
    so,
    Buffer.from("'; SELECT 'b'; END//\nDELIMITER ;\n\\C utf8mb4\n"),
  ])
  await using folder = await temporaryDirectory()
  const file = path.join(folder.path, 'traps.sql')
  await writeFile(file, Buffer.concat([Buffer.from(textTraps), sjis]))
  const { code, stderr } = await run([...server.programs.client, '--binary-mode', '--comments'], {
    input: file,
  })
  assert.equal(code, 0, stderr)
}

eachServer('a folder of files brings everything back with nothing but the plain client', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await using target = await startServer(kind, { args: ['--local-infile=1'] })
  await loadCorpus(source)
  await loadTraps(source)
  const files = path.join(folder.path, 'files')
  const { plan } = await exportTo(files, source)
  assert.deepEqual(plan.warnings, ['view corpus.broken was broken in the source and is left out'])
  const restored = await restoreFolder(files, target)
  assert.equal(restored.code, 0, restored.stderr)
  await takeLossesAway(source, target)
  assert.deepEqual(await differencesBetween(source, target), [])
})

eachServer('a stream of SQL brings everything back with nothing but the plain client', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await using target = await startServer(kind)
  await loadCorpus(source)
  await loadTraps(source)
  const file = path.join(folder.path, 'all.sql')
  await streamTo(file, source)
  const loaded = await run([...target.programs.client, '--comments', '--binary-mode'], { input: file })
  assert.equal(loaded.code, 0, loaded.stderr)
  await takeLossesAway(source, target)
  assert.deepEqual(await differencesBetween(source, target), [])
})

async function fillSmallShop(server: TestServer): Promise<void> {
  await using witness = await openWitness(server)
  await fillShop(witness.query, { flavour: server.flavour, orders: 500 })
}

/** A repository with one backup of `source`, and the words that every command on it needs. */
async function repositoryOf(source: TestServer, folder: string): Promise<readonly string[]> {
  const words = ['--repository', path.join(folder, 'repository')]
  const key = path.join(folder, 'recovery.key')
  await succeed(['init', ...words, '--identity-out', key])
  await succeed(['backup', source.url(), ...words, '--name', 'shop'])
  return [...words, '--identity', key]
}

interface Manifest {
  readonly tables: readonly {
    readonly schema: string
    readonly table: string
    readonly definition: string
    readonly rows: number
    readonly loadsWith: string
    readonly files: readonly { readonly path: string; readonly rows: number; readonly sha256: string }[]
  }[]
}

async function manifestOf(folder: string): Promise<Manifest> {
  const manifest: Manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8'))
  return manifest
}

eachServer('mysql and mysqlimport alone load single tables of a folder', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await using target = await startServer(kind, {
    // What restore.sql says in its session the importer leaves to the server.
    args: [
      '--local-infile=1',
      '--default-time-zone=+00:00',
      '--sql-mode=STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES',
    ],
    sql: 'CREATE DATABASE shop CHARACTER SET utf8mb4; SET GLOBAL foreign_key_checks = 0',
  })
  await fillSmallShop(source)
  const words = await repositoryOf(source, folder.path)
  const files = path.join(folder.path, 'files')
  const told = await succeed(['restore', 'shop', ...words, '--to-files', files])
  assert.match(told.stdout, /rows of \d+ tables, .* in \d+ files\.\nNext: sh .*restore\.sh/)
  const checked = await run(['sha256sum', '--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: files })
  assert.equal(checked.code, 0, checked.stdout + checked.stderr)

  const { tables } = await manifestOf(files)
  const [client, ...login] = target.programs.client
  const importer = path.join(
    path.dirname(client),
    target.flavour === 'mysql' ? 'mysqlimport' : 'mariadb-import',
  )
  const imported: string[] = []
  for (const { table, definition, loadsWith, files: rowFiles } of tables) {
    const made = await run([...target.programs.client, 'shop'], { input: path.join(files, definition) })
    assert.equal(made.code, 0, made.stderr)
    if (loadsWith !== 'mysqlimport' || rowFiles.length === 0) continue
    const names = rowFiles.map((file) => path.join(files, file.path))
    const loaded = await run([importer, ...login, '--local', '--replace', 'shop', ...names])
    assert.equal(loaded.code, 0, loaded.stderr)
    imported.push(table)
  }
  assert.ok(imported.includes('orders') && imported.length >= 5, imported.join())
  const sums = `CHECKSUM TABLE ${imported.map((table) => `shop.${table}`).join(', ')} EXTENDED`
  assert.equal(await target.sql(sums), await source.sql(sums))
})

eachServer(
  'a folder that lost its last file, or a row, is not restored as if it were whole',
  async (kind) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await using target = await startServer(kind, { args: ['--local-infile=1'] })
    await source.sql(
      'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); INSERT INTO d.t VALUES (1, 1), (2, 2), (3, 3)',
    )
    const files = path.join(folder.path, 'files')
    await exportTo(files, source)
    const rows = path.join(files, 'd', 't.0001.txt')
    const text = await readFile(rows, 'utf8')
    assert.equal(text, '1\t1\n2\t2\n3\t3\n')

    await writeFile(rows, '1\t1\n2\t2\n')
    const short = await restoreFolder(files, target)
    assert.notEqual(short.code, 0)
    assert.match(short.stderr, /d\/t\.0001\.txt took 2 rows of 3/)
    await target.sql('DROP DATABASE d')
    await writeFile(rows, '1\t1\n2\t2\n2\t3\n')
    const twice = await restoreFolder(files, target)
    assert.match(twice.stderr, /d\/t\.0001\.txt took 4 rows of 3/)
    await target.sql('DROP DATABASE d')
    await writeFile(rows, '1\t1\n2\t2\n3\tthree\n')
    const wrong = await restoreFolder(files, target)
    assert.match(wrong.stderr, /Incorrect integer value/)
    await target.sql('DROP DATABASE d')
    await unlink(rows)
    const gone = await restoreFolder(files, target)
    assert.match(gone.stderr, /t\.0001\.txt/)

    await rm(path.join(files, 'SHA256SUMS'))
    const partial = await restoreFolder(files, target)
    assert.equal(partial.code, 1)
    assert.match(partial.stderr, /not whole, SHA256SUMS is missing/)
  },
)

eachServer('an export that fails leaves a folder that says so by what it lacks', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await source.sql('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1)')
  const backup = await backUp(source)
  const plan = planScript(backup)
  const files = path.join(folder.path, 'files')
  const made = await NewFolder.make(files)
  const broken = { ...backup, getChunk: () => Promise.reject(new Error('no such chunk')) }
  const of = { source: 'x', id: 'y' }
  await assert.rejects(exportFiles({ plan, backup: broken, folder: made, of }), /no such chunk/)
  await assert.rejects(readFile(path.join(files, 'SHA256SUMS')), { code: 'ENOENT' })
  await assert.rejects(NewFolder.make(files), /is not empty/)
})

eachServer('names that differ in case only are files of their own', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await using target = await startServer(kind, { args: ['--local-infile=1'] })
  await source.sql(`CREATE DATABASE shop; CREATE DATABASE Shop; CREATE DATABASE SHA256SUMS;
    CREATE TABLE shop.t (id INT PRIMARY KEY); CREATE TABLE shop.T (id INT PRIMARY KEY);
    CREATE TABLE Shop.t (id INT PRIMARY KEY); CREATE TABLE SHA256SUMS.t (id INT PRIMARY KEY);
    INSERT INTO shop.t VALUES (1); INSERT INTO shop.T VALUES (2); INSERT INTO Shop.t VALUES (3); INSERT INTO SHA256SUMS.t VALUES (4)`)
  const files = path.join(folder.path, 'files')
  await exportTo(files, source)
  const { tables } = await manifestOf(files)
  assert.equal(new Set(tables.map(({ definition }) => definition.toLowerCase())).size, 4)
  const restored = await restoreFolder(files, target)
  assert.equal(restored.code, 0, restored.stderr)
  const all =
    'SELECT (SELECT id FROM shop.t), (SELECT id FROM shop.T), (SELECT id FROM Shop.t), (SELECT id FROM SHA256SUMS.t)'
  assert.equal((await target.sql(all)).trim(), '1\t2\t3\t4')
})

const clerk = (password: string) => ({
  user: 'clerk',
  password,
  grants: ['SELECT ON *.* WITH GRANT OPTION'],
})

eachServer(
  'a password that the target has is not changed, and roles stay with their members',
  async (kind) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind, { users: [clerk('of the source')], sql: 'CREATE ROLE ours' })
    await using target = await startServer(kind, { users: [clerk('of the target')] })
    const file = path.join(folder.path, 'all.sql')
    await streamTo(file, source)
    const before = await target.sql("SHOW CREATE USER 'clerk'@'%'")
    const loaded = await run(target.programs.client, { input: file })
    assert.equal(loaded.code, 0, loaded.stderr)
    assert.equal(await target.sql("SHOW CREATE USER 'clerk'@'%'"), before)
    assert.match(await target.sql("SHOW GRANTS FOR 'clerk'@'%'"), /SELECT ON \*\.\*.* WITH GRANT OPTION/)
    // In the source the account that loads was no member; in the target it made the role.
    const own = await run([...target.programs.client, '--execute', 'SHOW GRANTS'])
    assert.equal(own.code, 0, own.stderr)
    assert.doesNotMatch(own.stdout, /ours/)
    assert.match(await target.sql('SHOW GRANTS'), source.flavour === 'mariadb' ? /GRANT `ours`/ : /^/)
  },
)

eachServer(
  'holdfast backup --format sql is a dump for the plain client with its moment in it',
  async (kind) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await using target = await startServer(kind)
    await fillSmallShop(source)
    const dump = ['backup', source.url(), '--format', 'sql', '--output']
    const stream = await succeed([...dump, '-'])
    const file = path.join(folder.path, 'all.sql')
    await writeFile(file, stream.stdout)
    assert.match(stream.stderr, /rows of \d+ tables as of .* are in the SQL on stdout/)
    assert.match(stream.stdout, /\n-- Holdfast: complete\n$/)
    const status = await source.sql(
      kind.startsWith('mysql') ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
    )
    const [binlog, offset] = status.split('\t')
    assert.match(stream.stdout, new RegExp(`LOG_FILE = '${binlog}', \\w+_LOG_POS = ${offset};`))
    const loaded = await run(target.programs.client, { input: file })
    assert.equal(loaded.code, 0, loaded.stderr)
    // CHECKSUM TABLE of MariaDB differs between equal rows of a table with a stored generated column; their bytes are compared, too.
    const differences = await differencesBetween(source, target)
    assert.deepEqual(
      differences.filter((text) => !text.startsWith('checksum of shop.order_items')),
      [],
    )

    const part = path.join(folder.path, 'part.sql')
    await succeed([...dump, part, '--tables', 'shop.customers', '--quiet'])
    await target.sql('DROP DATABASE shop')
    const reloaded = await run(target.programs.client, { input: part })
    assert.equal(reloaded.code, 0, reloaded.stderr)
    const sum = 'CHECKSUM TABLE shop.customers EXTENDED'
    assert.equal(await target.sql(sum), await source.sql(sum))
    assertRefused(await holdfast([...dump, part]), 2, /part\.sql exists already/)
  },
)

eachServer('files are refused where they could not hold what was asked for', async (kind) => {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await source.sql('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)')
  const words = await repositoryOf(source, folder.path)
  const files = path.join(folder.path, 'files')
  const toFiles = (...more: string[]) => holdfast(['restore', 'shop', ...words, '--to-files', files, ...more])
  assertRefused(await toFiles('--to', 'latest'), 2, /--to latest needs binary logs/)
  assertRefused(await toFiles('--target', source.url()), 2, /without --target/)
  assertRefused(await toFiles('--schemas', 'e'), 2, /has no schema e/)
  await succeed(['restore', 'shop', ...words, '--to-files', files, '--to', 'backup', '--schemas', 'd'])
  assertRefused(await toFiles(), 2, /is not empty/)
  const sql = (...more: string[]) => holdfast(['backup', source.url(), ...more])
  const output = path.join(folder.path, 'part.sql')
  assertRefused(await sql('--format', 'sql', '--output', output, '--tables', 'd.none'), 2, /no table d\.none/)
  assert.deepEqual((await readdir(folder.path)).toSorted(), ['files', 'recovery.key', 'repository'])
  assertRefused(await sql('--format', 'sql'), 2, /--output is missing/)
  const both = await sql('--format', 'sql', '--output', '-', '--json')
  assert.equal(both.exit, 2, both.output)
  assert.match(both.stdout, /--json needs stdout/)
  assertRefused(await sql(...words.slice(0, 2), '--output', 'x'), 2, /--output goes with --format sql/)
})
