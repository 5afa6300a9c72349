// A clone of a server that keeps files outside of its data directory: they come back there, and never over what is there.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, readdir, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { clonedKinds, cloner, startDonor } from '../support/clone-rig.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

for (const kind of clonedKinds) {
  test(`files outside of the data directory are never written over (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await chmod(folder.path, 0o777)
    const far = path.join(folder.path, 'far')
    const source = await startDonor(kind, {
      args: [`--innodb-directories=${far}`],
      sql: `CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY) DATA DIRECTORY = '${far}'; INSERT INTO shop.t VALUES (1), (2)`,
    })
    await using running = source
    const env = {
      HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
      HOLDFAST_MYSQLD: source.programs.server,
    }
    const file = path.join(far, 'shop/t.ibd')
    await succeed(['init', '--no-encryption'], { env })
    const clone = ['backup', '--method', 'clone', source.url(cloner), '--name', 'shop']
    const taken = await holdfast(clone, { env })
    assert.ok(taken.exit === 0 || taken.exit === 3, taken.output)
    const data = path.join(folder.path, 'data')
    const words = ['restore', 'shop', '--datadir', data, '--to', 'backup']
    const there = /t\.ibd, which lies outside of the data directory in the backup, is there already/

    // It would write to them itself.
    await running.stop()

    await context.test('while they are there, neither the first run nor the next touches them', async () => {
      const before = await fingerprint(file)
      assertRefused(await holdfast(words, { env }), 2, there)
      assertRefused(await holdfast(words, { env }), 2, there)
      assertRefused(await holdfast([...words, '--in-place', '--confirm', 'shop'], { env }), 2, there)
      assert.equal(await fingerprint(file), before)
      await assert.rejects(readdir(data), 'no mark is left that another run would go on from')
    })

    await context.test('they are not written for the time of a recovery', async () => {
      const run = await holdfast(['verify', 'shop', '--recover'], { env })
      assertRefused(run, 1, /has 1 file outside of the data directory \(.+t\.ibd\)/)
    })

    await context.test('where nothing is, they come back, also by a second run', async () => {
      await running.restart()
      await running.sql('DROP TABLE shop.t')
      await running.stop()
      // It is fast, and may have ended before it is killed.
      for (let signal: NodeJS.Signals | null = null; signal !== 'SIGKILL'; ) {
        await rm(data, { recursive: true, force: true })
        await rm(file, { force: true })
        const cut = await holdfast([...words, '--raw'], {
          env,
          onOutput: (text, child) => {
            if (/writing files/.test(text)) child.kill('SIGKILL')
          },
        })
        signal = cut.signal
        assert.ok(signal === 'SIGKILL' || cut.exit === 0, cut.output)
      }
      await succeed([...words], { env })
      assert.ok((await stat(file)).isFile())
      await using restored = await startServer(kind, {
        dataDir: data,
        args: [`--innodb-directories=${far}`],
      })
      assert.equal((await restored.sql('SELECT SUM(id) FROM shop.t')).trim(), '3')
    })
  })
}

async function fingerprint(file: string): Promise<string> {
  const { ino, mtimeMs, uid, mode } = await stat(file)
  return [
    ino,
    mtimeMs,
    uid,
    mode,
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
  ].join()
}
