// Schemas that are called as files of servers are, and as what backups pass over: each method takes them, and they come back.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { environmentOf } from '../support/comes-back.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast } from '../support/holdfast.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const schemas = ['core', 'core.1', 'lost+found', 'ibtmp2', 'undo_009', 'aria_log_x', 'keyring', 'mysql_old']

for (const kind of testedKinds) {
  test(`schemas come back whatever they are called (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    const made = schemas.map(
      (name) => `CREATE DATABASE \`${name}\`; CREATE TABLE \`${name}\`.\`core.1\` SELECT 1 AS id`,
    )
    await using source = await startServer(kind, { sql: made.join(';') })
    const env = environmentOf(source, folder.path)
    assert.equal((await holdfast(['init', '--no-encryption'], { env })).exit, 0)

    const comesBack = async (name: string): Promise<void> => {
      const restored = path.join(folder.path, name)
      const run = await holdfast(['restore', name, '--datadir', restored, '--to', 'backup'], { env })
      // There is no archive, of which it warns.
      assert.ok(run.exit === 0 || run.exit === 3, run.output)
      await using copy = await startServer(kind, { dataDir: restored })
      assert.deepEqual(await differencesBetween(source, copy), [])
    }

    await source.sql('SET GLOBAL innodb_fast_shutdown = 0')
    await source.stop()
    const cold = await holdfast(
      ['backup', '--method', 'cold', '--name', 'cold', '--datadir', source.dataDir],
      { env },
    )
    assert.equal(cold.exit, 0, cold.output)
    await source.restart()
    await context.test('from a cold backup', () => comesBack('cold'))

    await context.test('from a hot backup', async () => {
      const run = await holdfast(['backup', '--method', 'hot', source.url(), '--name', 'hot'], { env })
      assert.equal(run.exit, 0, run.output)
      await comesBack('hot')
    })

    await context.test('a folder for a recovery is made, or refused in one sentence', async () => {
      const verify = ['verify', 'cold', '--recover', '--scratch']
      const run = await holdfast([...verify, path.join(folder.path, 'new', 'scratch')], { env })
      assert.match(run.stdout, /comes back/, run.output)
      const text = path.join(source.dataDir, 'ibdata1')
      assertRefused(await holdfast([...verify, text], { env }), 2, /no folder can be made in \S+ibdata1/)
      assertRefused(
        await holdfast([...verify, '/proc/scratch'], { env }),
        2,
        /no folder can be made in \/proc/,
      )
    })
  })
}
