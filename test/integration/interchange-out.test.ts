// What we write for others is loaded by the servers' own programs alone, and comes back the same.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { exportFiles } from '../../src/logical/files/export-files.ts'
import { planScript } from '../../src/logical/script/script-plan.ts'
import { sqlStream } from '../../src/logical/script/sql-stream.ts'
import { NewFolder } from '../../src/operations/export-folder.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { loadCorpus } from '../support/corpus.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

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

/** What text cannot carry, and is told. */
function isKnownLoss(difference: string): boolean {
  return difference.includes('corpus.json_typed') || difference.includes('broken')
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
  const differences = await differencesBetween(source, target)
  assert.deepEqual(
    differences.filter((text) => !isKnownLoss(text)),
    [],
  )
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
  const differences = await differencesBetween(source, target)
  assert.deepEqual(
    differences.filter((text) => !isKnownLoss(text)),
    [],
  )
})
