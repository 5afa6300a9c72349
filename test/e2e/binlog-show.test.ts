// `holdfast binlog show` as people and scripts call it, on a source whose log has no names of columns.
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let source: TestServer
let folder: Awaited<ReturnType<typeof temporaryDirectory>>
let env: Record<string, string>
const show = ['binlog', 'show', 'shop']

before(async () => {
  source = await startServer('mariadb-10.11')
  folder = await temporaryDirectory()
  const key = path.join(folder.path, 'recovery.key')
  env = {
    HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
    HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
    HOLDFAST_IDENTITY_FILE: key,
  }
  await succeed(['init', '--identity-out', key], { env })
  await source.sql(`CREATE DATABASE shop CHARACTER SET utf8mb4;
    CREATE TABLE shop.orders (id INT UNSIGNED PRIMARY KEY, state ENUM('new','it''s paid'), note VARCHAR(50), raw VARBINARY(9), l1 VARCHAR(9) CHARACTER SET latin1);
    CREATE TABLE shop.changed (id INT PRIMARY KEY)`)
  await succeed(['backup', source.url(), '--name', 'shop'], { env })
  await source.sql(`SET NAMES utf8mb4; INSERT INTO shop.orders VALUES (4294967295, 'new', 'Grüße', X'00FF', 'ä');
    UPDATE shop.orders SET state = 'it''s paid', note = NULL;
    ALTER TABLE shop.changed ADD COLUMN v INT; INSERT INTO shop.changed VALUES (1, 2);
    CREATE USER someone IDENTIFIED BY 'secret'`)
  await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
})

after(async () => {
  await source[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

test('changes are shown with the names and types of the backup, as far as its definitions fit', async () => {
  const { stdout } = await succeed([...show, '--table', 'shop.orders', '--kind', 'update'], { env })
  const lines = stdout.split('\n')
  assert.match(lines[0] ?? '', /^\d{4}-\d\d-\d\d .* \+00:00 {2}0-\d+-\d+ {2}\S+:\d+$/)
  assert.match(stdout, /^ {2}by: UPDATE shop\.orders/m)
  assert.match(stdout, /^ {2}update shop\.orders \(columns as in backup \S+\)$/m)
  assert.match(stdout, /^ {4}\* state +'new' +'it's paid'$/m)
  assert.match(stdout, /^ {4}\* note +'Grüße' +NULL$/m)
  assert.match(stdout, /^ {6}id +4294967295 +4294967295$/m)
  const altered = await succeed([...show, '--table', 'shop.changed', '--kind', 'insert'], { env })
  assert.match(altered.stdout, /^ {2}insert shop\.changed \(names of columns unknown\)$/m)
  assert.match(altered.stdout, /^ {4}@1 +1\n {4}@2 +2$/m)
})

test('as JSON Lines each change can be read alone, with what JSON cannot carry in base64', async () => {
  const { stdout } = await succeed([...show, '--table', 'shop.orders', '--kind', 'insert', '--json'], { env })
  const lines: Record<string, unknown>[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ type }) => type),
    ['transaction', 'origin', 'change', 'result'],
  )
  const { gtid, after: row, names, kind } = lines[2] ?? {}
  assert.equal(gtid, lines[0]?.['gtid'])
  assert.deepEqual([kind, names], ['insert', 'backup'])
  assert.deepEqual(row, { id: 4294967295, state: 'new', note: 'Grüße', raw: { base64: 'AP8=' }, l1: 'ä' })
  assert.deepEqual(lines[3], { type: 'result', source: 'shop', transactions: 1, changes: 1, isCut: false })
})

test('one transaction, a range of places, and a limit narrow what is shown; passwords are not shown', async () => {
  const all = await succeed([...show, '--json'], { env })
  assert.doesNotMatch(all.output, /secret/)
  const transactions: { type: string; gtid: string; file: string; start: number }[] = all.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }: { type: string }) => type === 'transaction')
  const [first, second] = transactions
  assert.ok(first !== undefined && second !== undefined)
  const places = async (...words: string[]) =>
    (await succeed([...show, ...words, '--json'], { env })).stdout
      .split('\n')
      .filter((line) => line.startsWith('{"type":"transaction"'))
      .map((line) => JSON.parse(line).start)
  assert.deepEqual(await places('--gtid', second.gtid), [second.start])
  assert.deepEqual(await places('--to', `${second.file}:${second.start}`), [first.start])
  assert.deepEqual(await places('--from', `pos:${second.file}:${second.start}`, '--limit', '1'), [
    second.start,
  ])
  const cut = await succeed([...show, '--limit', '1'], { env })
  assert.match(cut.stderr, /There are more than 1;/)
})

test('a place that is none, and a file that is not there, are refused', async () => {
  assertRefused(
    await holdfast([...show, '--from', 'x'], { env }),
    2,
    /--from takes a place in the log, not 'x'/,
  )
  assertRefused(await holdfast([...show, '--to', 'no.000001:4'], { env }), 22, /has no file no\.000001/)
  const nothing = await succeed([...show, '--table', 'no.such'], { env })
  assert.match(nothing.stdout, /^No transaction in the archive of shop is like that\.$/m)
})
