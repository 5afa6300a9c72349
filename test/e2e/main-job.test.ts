// The main job by the command line alone: back up, stream, break something, find it, restore to just before it.
import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { createShop, shopFingerprint, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

for (const kind of testedKinds) {
  test(`a bad DELETE is found and everything before it comes back (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await using target = await startServer(kind)
    await createShop(source)
    const key = path.join(folder.path, 'recovery.key')
    const env = {
      HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
      HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
    }
    const reading = { ...env, HOLDFAST_IDENTITY_FILE: key }

    await context.test('init makes a repository and a key file that only its owner can read', async () => {
      const run = await succeed(['init', '--identity-out', key], { env })
      assert.match(await readFile(key, 'utf8'), /^AGE-SECRET-KEY-1/m)
      assert.equal((await stat(key)).mode & 0o777, 0o600)
      assert.doesNotMatch(run.output, /AGE-SECRET-KEY/)
      assert.match(run.stdout, /holdfast backup/)
    })

    await context.test('doctor finds nothing that stands in the way', async () => {
      const run = await holdfast(['doctor', source.url(), '--json'], { env })
      // The test servers do not sync their logs, and doctor says so: a warning.
      assert.equal(run.exit, 3, run.output)
      const { checks }: { checks: { name: string; status: string; message: string }[] } = JSON.parse(
        run.stdout,
      )
      const bad = checks.filter((check) => check.status !== 'ok')
      assert.deepEqual(
        bad.map((check) => [check.name, check.status]),
        [['durability', 'warn']],
      )
    })

    await context.test('a backup needs no key and names the next command', async () => {
      const run = await succeed(['backup', source.url(), '--name', 'shop'], { env })
      assert.match(run.stdout, /^Backup \S+ done in .+ read, .+ new\./)
      assert.match(run.stdout, /holdfast stream/)
    })

    await context.test('streaming keeps what happens after the backup', async () => {
      await takeOrders(source, 25)
      const run = await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
      assert.match(run.stdout, /holdfast restore shop/)
    })

    const before = await shopFingerprint(source)
    await source.sql('DELETE FROM shop.orders')
    await takeOrders(source, 5)
    await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })

    const gtid = await context
      .test('the DELETE is found by its table and kind', async () => {
        const words = [
          'binlog',
          'find',
          'shop',
          '--table',
          'shop.orders',
          '--kind',
          'delete',
          '--since',
          '1h',
        ]
        const text = await succeed(words, { env: reading })
        const run = await succeed([...words, '--json'], { env: reading })
        const {
          transactions,
        }: {
          transactions: { gtid: string; tables: { schema: string; table: string; deletes: number }[] }[]
        } = JSON.parse(run.stdout)
        assert.equal(transactions.length, 1, run.output)
        const found = transactions[0]
        assert.ok(found !== undefined)
        assert.deepEqual(
          found.tables.map((each) => [each.schema, each.table, each.deletes]),
          [['shop', 'orders', 2025]],
        )
        assert.ok(text.stdout.includes(found.gtid), text.output)
        foundGtid = found.gtid
      })
      .then(() => foundGtid)

    await context.test('a newer backup of one table is no base to replay behind', async () => {
      const part = await succeed(
        ['backup', source.url(), '--name', 'shop', '--tables', 'shop.orders', '--json'],
        {
          env,
        },
      )
      const { backup }: { backup: { id: string; isPartial: boolean } } = JSON.parse(
        part.stdout.trim().split('\n').at(-1) ?? '',
      )
      assert.equal(backup.isPartial, true)
      const words = ['restore', 'shop', '--to', 'latest', '--target', target.url(), '--dry-run']
      const plan = await succeed(words, { env: reading })
      assert.ok(!plan.output.includes(backup.id), plan.output)
      assertRefused(await holdfast([...words, '--backup', backup.id], { env: reading }), 1, /--to backup/)
    })

    const restore = ['restore', 'shop', '--to', `before-gtid:${gtid}`, '--target', target.url()]
    await context.test('the plan can be seen, and changes nothing', async () => {
      const run = await succeed([...restore, '--dry-run'], { env: reading })
      assert.match(run.stdout, /Replay 25 transactions/)
      assert.match(run.stdout, /estimate/)
      assert.equal(
        await target.sql("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'shop'"),
        '0\n',
      )
    })

    await context.test('the restore brings back every row from before it', async () => {
      await succeed(restore, { env: reading })
      assert.equal(await shopFingerprint(target), before)
    })

    await context.test('the restored server goes on counting transactions where the source was', async () => {
      const state = kind.startsWith('mysql')
        ? 'SELECT @@GLOBAL.gtid_executed'
        : 'SELECT @@GLOBAL.gtid_current_pos'
      const text = await target.sql(state)
      assert.ok(!text.includes(gtid), text)
    })

    await context.test(
      'a target that is in use is asked about, and refused once it has gone its own way',
      async () => {
        assertRefused(await holdfast(restore, { env: reading }), 2, /--confirm shop/)
        // The source has executed all that would be replayed, and is no restored server for that.
        const onto = ['restore', 'shop', '--to', 'latest', '--target', source.url(), '--confirm', 'shop']
        assertRefused(await holdfast(onto, { env: reading }), 2, /is the instance itself/)
        assertRefused(await holdfast([...onto, '--dry-run'], { env: reading }), 2, /is the instance itself/)
        await target.sql("INSERT INTO shop.customers (name) VALUES ('new here')")
        const run = await holdfast([...restore, '--confirm', 'shop'], { env: reading })
        assertRefused(run, 2, /the target already has schemas \(shop\)/)
        assert.equal(await target.sql("SELECT COUNT(*) FROM shop.customers WHERE name = 'new here'"), '1\n')
      },
    )

    await context.test('an exported binary log file is the one the source has', async () => {
      const list = await succeed(['binlog', 'list', 'shop', '--json'], { env: reading })
      const { files }: { files: { file: string; isComplete: boolean }[] } = JSON.parse(list.stdout)
      const [first] = files
      assert.ok(first !== undefined)
      const output = path.join(folder.path, 'exported')
      await source.sql('FLUSH BINARY LOGS')
      await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
      await succeed(['binlog', 'export', 'shop', '--file', first.file, '--output', output], { env: reading })
      assert.ok((await readFile(output)).equals(await readFile(path.join(source.dataDir, first.file))))
    })

    await context.test('list, show and verify tell that all is there', async () => {
      const list = await succeed(['list', 'shop'], { env: reading })
      // The second is the one of shop.orders alone.
      assert.deepEqual(list.stdout.match(/ (?:a part|all)$/gm), [' all', ' a part'])
      const show = await succeed(['show', 'shop'], { env: reading })
      assert.match(show.stdout, /logical/)
      await succeed(['verify', 'shop', '--read-data'], { env: reading })
    })
  })
}

let foundGtid = ''
