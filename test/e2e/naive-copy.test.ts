// What a copy of files by `cp` makes of a server that runs: pages of several moments, each right by itself. No check of pages sees that; a recovery has to.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { environmentOf } from '../support/comes-back.ts'
import { holdfast, succeed } from '../support/holdfast.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const pageBytes = 16_384
const typeOfPage = 24
const indexPage = 17_855

/** Their numbers. A file has room behind them that was never written to. */
function indexPagesOf(file: Buffer): readonly number[] {
  const numbers = Array.from({ length: file.length / pageBytes }, (_, number) => number)
  return numbers.filter((number) => file.readUInt16BE(number * pageBytes + typeOfPage) === indexPage)
}

for (const kind of testedKinds) {
  test(`a copy with pages of two moments, which a server starts on, is caught by its recovery (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await source.sql(`
    CREATE DATABASE d;
    CREATE TABLE d.t (id INT PRIMARY KEY, a CHAR(64), b VARCHAR(600), KEY (a));
    CREATE TABLE d.ten (i INT); INSERT INTO d.ten VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
    INSERT INTO d.t SELECT w.i * 1000 + x.i * 100 + y.i * 10 + z.i, SHA2(w.i * 1000 + x.i * 100 + y.i * 10 + z.i, 256), 'b'
      FROM d.ten w, d.ten x, d.ten y, d.ten z`)
    const file = path.join(source.dataDir, 'd/t.ibd')
    const env = environmentOf(source, folder.path)
    const cold = ['backup', '--method', 'cold', '--datadir', source.dataDir, '--name', 'd']
    await succeed(['init', '--no-encryption'], { env })
    await source.sql('SET GLOBAL innodb_fast_shutdown = 0')
    await source.stop()
    await succeed(cold, { env })
    await succeed(['verify', 'd', '--recover', '--scratch', folder.path], { env })
    const before = await readFile(file)
    await source.restart()
    await source.sql(
      "UPDATE d.t SET a = SHA2(CONCAT('other', id), 256), b = REPEAT('c', 500); SET GLOBAL innodb_fast_shutdown = 0",
    )
    await source.stop()
    const after = await readFile(file)
    // What cp read first is older than what it read last.
    const used = indexPagesOf(before)
    const middle = (used[Math.floor(used.length / 2)] ?? 0) * pageBytes
    await writeFile(
      file,
      Buffer.concat([
        after.subarray(0, pageBytes),
        before.subarray(pageBytes, middle),
        after.subarray(middle),
      ]),
    )
    await source.restart()
    await source.sql('SELECT 1')
    await source.sql('SET GLOBAL innodb_fast_shutdown = 0')
    await source.stop()
    await succeed(cold, { env })
    const run = await holdfast(['verify', 'd', '--recover', '--scratch', folder.path], { env })
    assert.equal(run.exit, 30, run.output)
    assert.match(run.output, /d\.t|does not come back/)
  })
}
