// A running MySQL server by the command line alone: cloned by an account that may do nothing else, and brought back to any moment.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { changeEverything, clonedKinds, cloner, startDonor } from '../support/clone-rig.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

for (const kind of clonedKinds) {
  test(`a running server comes back from its clone, and with everything after it (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using source = await startDonor(kind)
    await createShop(source)
    const env = {
      HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
      HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
      HOLDFAST_MYSQLD: source.programs.server,
    }
    const url = source.url(cloner)
    const clone = ['backup', '--method', 'clone', url, '--name', 'shop']
    await succeed(['init', '--no-encryption'], { env })

    await context.test('options that are about rows are refused by name', async () => {
      assertRefused(
        await holdfast([...clone, '--tables', 'shop.orders', '--threads', '2'], { env }),
        2,
        /--method clone takes all of a server, and so goes without --tables, --threads/,
      )
    })

    const cloneUnderWrites = async (expectedExit: number): Promise<string> => {
      await using writing = changeEverything(source, `clone_${expectedExit}`)
      const run = await holdfast([...clone, '--rate-limit', '40M', '--json'], { env })
      assert((await writing.stop()) > 0)
      assert.equal(run.exit, expectedExit, run.output)
      return lastBackup(run.stdout).id
    }

    // Neither the position of the binary log nor the names of tables are to be seen with BACKUP_ADMIN alone.
    const blind = await cloneUnderWrites(3)
    await source.sql("GRANT SHOW VIEW, REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'cloner'@'%'")
    const seeing = await cloneUnderWrites(0)

    await context.test('a second one stores next to nothing', async () => {
      const run = await succeed([...clone, '--json'], { env })
      const { sizes } = lastBackup(run.stdout)
      assert(sizes.newBytes < sizes.plainBytes / 10, JSON.stringify(sizes))
    })

    await context.test(
      'a backup is proven by a server of our own that recovers it and reads every table',
      async () => {
        const run = await succeed(['verify', 'shop', '--recover'], { env })
        assert.match(
          run.stdout,
          /^Backup \S+ of shop comes back: a server recovered it to .+; \d+ tables checked/,
        )
      },
    )

    await takeOrders(source, 20)
    await source.sql('CREATE TABLE shop.later AS SELECT * FROM shop.audit')
    await succeed(['stream', url, '--name', 'shop', '--until-caught-up'], { env })
    for (const backup of [blind, seeing]) {
      const data = path.join(folder.path, backup)
      await succeed(['restore', 'shop', '--backup', backup, '--datadir', data], { env })
      await using copy = await startServer(kind, { dataDir: data })
      assert.deepEqual(await differencesBetween(copy, source), [])
      const executed = 'SELECT @@GLOBAL.gtid_executed'
      assert.equal(await copy.sql(executed), await source.sql(executed))
    }
  })
}

interface BackupSizes {
  readonly plainBytes: number
  readonly newBytes: number
}

function lastBackup(stdout: string): { readonly id: string; readonly sizes: BackupSizes } {
  const { backup }: { backup: { id: string; sizes: BackupSizes } } = JSON.parse(
    stdout.trimEnd().split('\n').at(-1) ?? '',
  )
  return backup
}
