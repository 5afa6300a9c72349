// Backups of files that follow one another: each stores what changed, whoever takes it, and each comes back byte for byte without the others.
import assert from 'node:assert/strict'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { runProgram } from '../../scripts/servers/run-program.ts'
import type { BackupSummary } from '../../src/core/backup-summary.ts'
import type { BackupReport } from '../../src/operations/show-backup.ts'
import { holdfast, succeed } from '../support/holdfast.ts'
import { assertSameFiles } from '../support/same-files.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { createShop } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const manyRows = `
  CREATE TABLE shop.entries (id INT PRIMARY KEY, text CHAR(200), n INT NOT NULL);
  INSERT INTO shop.entries WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    SELECT a.i * 1000 + b.i, CONCAT(SHA2(a.i * 1000 + b.i, 512), SHA2(b.i, 256)), 0 FROM n a JOIN n b WHERE a.i <= 40;`

for (const kind of testedKinds) {
  test(`each of several cold backups holds the files of its own moment, though it stores what changed alone (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await createShop(source)
    await source.sql(manyRows)
    const identity = path.join(folder.path, 'identity')
    const state = path.join(folder.path, 'state')
    const writer = {
      XDG_STATE_HOME: state,
      HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
      HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
    }
    const reader = { ...writer, HOLDFAST_IDENTITY_FILE: identity }
    await succeed(['init', '--identity-out', identity], { env: writer })

    const taken: { backup: BackupSummary; copy: string }[] = []
    const take = async (...more: readonly string[]): Promise<BackupSummary> => {
      await source.stop()
      const copy = path.join(folder.path, `copy-${taken.length}`)
      await runProgram('cp', ['-a', '--sparse=always', source.dataDir, copy])
      const words = [
        'backup',
        '--method',
        'cold',
        '--name',
        'shop',
        '--datadir',
        source.dataDir,
        '--json',
        ...more,
      ]
      const run = await succeed(words, { env: writer })
      const { backup }: { backup: BackupSummary } = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '')
      taken.push({ backup, copy })
      await source.restart()
      return backup
    }

    const first = await take()
    await touchSomeRows(source, 1)
    const whole = await take()
    await touchSomeRows(source, 2)
    const difference = await take('--identity', identity)
    await touchSomeRows(source, 3)
    await take()
    // A host that has lost what it remembered, or another one.
    await rm(state, { recursive: true })
    await touchSomeRows(source, 4)
    await take('--identity', identity)

    await context.test(
      'without a key to the backup before, pages that changed are stored, and nothing around them',
      () => {
        assert.ok(whole.sizes.newBytes < first.sizes.newBytes / 2, JSON.stringify([first.sizes, whole.sizes]))
      },
    )
    await context.test('with one, what changed within them', () => {
      assert.ok(
        difference.sizes.newBytes < whole.sizes.newBytes / 2,
        JSON.stringify([whole.sizes, difference.sizes]),
      )
    })
    await context.test(
      'sizes are those of the files, whatever changed of them is stored beside it',
      async () => {
        const { backup, copy } = taken[2]!
        const run = await succeed(['show', 'shop', backup.id, '--json'], { env: reader })
        const { objects }: BackupReport = JSON.parse(run.stdout)
        const { size } = await stat(path.join(copy, 'shop/entries.ibd'))
        assert.equal(objects.find(({ name }) => name === 'shop/entries.ibd')?.sizeBytes, size)
        const sum = objects.reduce((total, { sizeBytes }) => total + sizeBytes, 0)
        assert.equal(backup.sizes.plainBytes, sum)
      },
    )
    await context.test('a repository of such backups is sound to the last byte', async () => {
      await succeed(['verify', 'shop', '--read-data'], { env: reader })
    })
    for (const [number, { backup, copy }] of taken.entries()) {
      await context.test(`backup ${number + 1} is the files that it was taken of`, async () => {
        const directory = path.join(folder.path, `raw-${number}`)
        await succeed(['restore', 'shop', '--backup', backup.id, '--datadir', directory, '--raw'], {
          env: reader,
        })
        await assertSameFiles(copy, directory)
      })
    }
    await context.test(
      'a damaged pack that is found and removed is missed by the next backup, which stores again what was in it',
      async () => {
        const { file, sizeBytes } = await damageLargestPack(writer.HOLDFAST_REPOSITORY)
        const found = await holdfast(['verify', 'shop', '--read-data'], { env: reader })
        assert.equal(found.exit, 30, found.output)
        assert.ok(found.output.includes(path.relative(writer.HOLDFAST_REPOSITORY, file)), found.output)
        await rm(file)
        await touchSomeRows(source, 5)
        const { id, sizes } = await take()
        assert.ok(sizes.newBytes > sizeBytes / 2, `${sizes.newBytes} new of a pack of ${sizeBytes}`)
        const directory = path.join(folder.path, 'raw-after-damage')
        await succeed(['restore', 'shop', '--backup', id, '--datadir', directory, '--raw'], { env: reader })
        await assertSameFiles(taken.at(-1)!.copy, directory)
      },
    )
  })
}

async function damageLargestPack(repository: string): Promise<{ file: string; sizeBytes: number }> {
  const packs = path.join(repository, 'sources/shop/packs')
  const files = (await readdir(packs, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
  const sized = await Promise.all(files.map(async (file) => ({ file, sizeBytes: (await stat(file)).size })))
  const largest = sized.toSorted((a, b) => b.sizeBytes - a.sizeBytes)[0]!
  const bytes = await readFile(largest.file)
  bytes[bytes.length >>> 1]! ^= 1
  await writeFile(largest.file, bytes)
  return largest
}

/** One row in every few hundred, so that most cells have a page that changed, and few pages have. */
async function touchSomeRows(server: TestServer, round: number): Promise<void> {
  await server.sql(`UPDATE shop.entries SET n = n + 1 WHERE id % 997 = ${round}`)
}
