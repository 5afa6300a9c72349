// A hot copy that ends in the middle, in whatever way, leaves a server that nobody has to mend; and one that cannot be made says why.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { fillMiddle } from '../support/hot-rig.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

for (const kind of testedKinds) {
  test(`a hot copy that is killed leaves no lock, and one that may not is refused before it takes any (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await fillMiddle(source)
    const isMysql = source.flavour === 'mysql'
    const env = { HOLDFAST_REPOSITORY: path.join(folder.path, 'repository') }
    const take = ['backup', '--method', 'hot', '--name', 'shop']
    await succeed(['init', '--no-encryption'], { env })

    await context.test('after kill -9 definitions change, and the redo log is free', async () => {
      const run = await holdfast([...take, source.url(), '--json'], {
        env,
        onOutput: (text, child) => {
          if (text.includes('"reading files"')) child.kill('SIGKILL')
        },
      })
      assert.equal(run.signal, 'SIGKILL', run.output)
      await sleep(200)
      await source.sql('SET lock_wait_timeout = 5; CREATE TABLE middle.made_after (id INT PRIMARY KEY)')
      await source
        .sql(
          isMysql
            ? 'SELECT innodb_redo_log_consumer_register()'
            : 'SET lock_wait_timeout = 5; BACKUP STAGE START; BACKUP STAGE END',
        )
        .then((said) => assert.equal(said.trim(), isMysql ? '0' : ''))
    })

    await context.test('privileges that are missing are named', async () => {
      await source.sql("CREATE USER nobody@'%' IDENTIFIED BY ''")
      const run = await holdfast([...take, source.url({ user: 'nobody', password: '' })], { env })
      assertRefused(
        run,
        21,
        isMysql
          ? /lacks privileges for a hot copy: BACKUP_ADMIN, RELOAD, PROCESS/
          : /lacks privileges for a hot copy: RELOAD, BINLOG MONITOR/,
      )
    })

    await context.test('what belongs to rows is refused by name', async () => {
      const run = await holdfast([...take, source.url(), '--tables', 'a.b', '--threads', '2'], { env })
      assertRefused(run, 2, /--method hot takes all of a server, and so goes without --tables, --threads/)
    })
  })

  if (kind.startsWith('mysql')) {
    test(`a server without GTIDs comes back from a hot copy and is replayed from its position (${kind})`, async () => {
      await using folder = await temporaryDirectory()
      await using source = await startServer(kind, {
        args: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'],
      })
      await createShop(source)
      const env = {
        HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
        HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
        HOLDFAST_MYSQLD: source.programs.server,
      }
      await succeed(['init', '--no-encryption'], { env })
      const orders = takeOrders(source, 100)
      await succeed(['backup', '--method', 'hot', source.url(), '--name', 'shop'], { env })
      await orders
      await takeOrders(source, 10)
      await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
      const data = path.join(folder.path, 'data')
      await succeed(['restore', 'shop', '--datadir', data], { env })
      await using copy = await startServer(kind, {
        dataDir: data,
        args: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'],
      })
      assert.deepEqual(await differencesBetween(copy, source), [])
    })
  }
}
