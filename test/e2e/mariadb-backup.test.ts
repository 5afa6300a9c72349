// The files of a running MariaDB by mariadb-backup, through the command line: while it is written to, and back to any moment.
import assert from 'node:assert/strict'
import { open, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BackupSummary } from '../../src/core/backup-summary.ts'
import { assertComesBack } from '../support/comes-back.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { withKeyring } from '../support/keyring.ts'
import { startServer, type TestServerOptions, testedKinds } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

for (const kind of testedKinds.filter((name) => name.startsWith('mariadb'))) {
  test(`a running server comes back from what mariadb-backup streams, and with everything after it (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await createShop(source)
    await source.sql(`
      CREATE TABLE shop.notes (id INT PRIMARY KEY, note VARCHAR(80)) ENGINE=MyISAM;
      INSERT INTO shop.notes VALUES (1, 'kept');
      CREATE TABLE shop.packed (id INT PRIMARY KEY, text TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4;
      INSERT INTO shop.packed SELECT id, REPEAT('holdfast ', 300) FROM shop.orders LIMIT 50;
      CREATE USER taker@'%' IDENTIFIED BY 'p"\\\\# ss';
      GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO taker@'%';
      CREATE USER nobody@'%' IDENTIFIED BY ''`)
    const program = path.join(path.dirname(source.programs.dump[0]), 'mariadb-backup')
    const env = {
      HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
      HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
      HOLDFAST_MARIADBD: source.programs.server,
      HOLDFAST_MARIADB_BACKUP: program,
    }
    const take = ['backup', '--method', 'mariadb-backup', '--name', 'shop']
    await succeed(['init', '--no-encryption'], { env })

    await context.test(
      'a backup is taken while others write, by an account that may do little else',
      async () => {
        const writing = takeOrders(source, 200)
        const url = source.url({ user: 'taker', password: 'p"\\# ss' })
        const [run] = await Promise.all([succeed([...take, url], { env }), writing])
        assert.match(run.stdout, /^Backup \S+-physical-\S+ done in .+ read, .+ new\./)
      },
    )
    await takeOrders(source, 25)
    await source.sql('CREATE TABLE shop.later AS SELECT * FROM shop.packed')
    await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })

    await context.test('files and binary logs together are the server as it is now', async () => {
      await assertComesBack(source, env, path.join(folder.path, 'latest'))
    })

    await context.test('it is proven by a recovery, which prepares the files first', async () => {
      const run = await succeed(['verify', 'shop', '--recover', '--scratch', folder.path], { env })
      assert.match(run.stdout, /comes back: a server recovered it to .+; \d+ tables checked/)
      assert.match(run.stderr, /^preparing: with \S+/m)
    })

    await context.test('without a replay the server goes on counting where the backup ends', async () => {
      const [backup = ''] = /^\S+-physical-\S+/m.exec((await succeed(['list', 'shop'], { env })).stdout) ?? []
      const directory = path.join(folder.path, 'base')
      await succeed(['restore', 'shop', '--backup', backup, '--to', 'backup', '--datadir', directory], {
        env,
      })
      const shown = JSON.parse((await succeed(['show', 'shop', backup, '--json'], { env })).stdout)
      await using restored = await startServer(kind, { dataDir: directory })
      const [domain, , sequence] = String(shown.backup.point.gtid.text).split('-')
      assert.equal((await restored.sql('SELECT @@gtid_binlog_pos')).trim(), shown.backup.point.gtid.text)
      await restored.sql('CREATE TABLE shop.next (id INT PRIMARY KEY)')
      const [after, , next] = (await restored.sql('SELECT @@gtid_binlog_pos')).split('-')
      assert.deepEqual([after, Number(next)], [domain, Number(sequence) + 1])
    })

    await context.test('a second backup stores what has changed alone', async () => {
      const run = await succeed([...take, source.url(), '--json'], { env })
      const backup = lastBackup(run.stdout)
      assert.equal(backup.method, 'mariadb-backup')
      assert.ok(backup.sizes.newBytes < backup.sizes.plainBytes / 4, run.stdout)
    })

    await context.test(
      'an account that may not is refused with what it lacks, and nothing is kept',
      async () => {
        const before = await holdfast(['list', 'shop', '--json'], { env })
        const run = await holdfast([...take, source.url({ user: 'nobody', password: '' })], { env })
        assertRefused(run, 21, /privilege/)
        assert.equal((await holdfast(['list', 'shop', '--json'], { env })).stdout, before.stdout)
      },
    )

    await context.test(
      'parts of a server come back as they were, and say that they are no more',
      async () => {
        await source.sql(
          'CREATE DATABASE `a-b`; CREATE TABLE `a-b`.`t.1 ü` SELECT 1 AS id; CREATE TABLE `a-b`.other (id INT)',
        )
        const directory = path.join(folder.path, 'parts')
        const words = [...take, source.url(), '--tables', '`a-b`.`t.1 ü`,shop.orders', '--json']
        const { id, isPartial } = lastBackup((await succeed(words, { env })).stdout)
        assert.equal(isPartial, true)
        const late = await holdfast(['restore', 'shop', '--backup', id, '--datadir', directory], { env })
        assertRefused(late, 1, /partial|a part/)
        await succeed(['restore', 'shop', '--backup', id, '--to', 'backup', '--datadir', directory], { env })
        await using restored = await startServer(kind, { dataDir: directory })
        const checksum = 'CHECKSUM TABLE shop.orders, `a-b`.`t.1 ü` EXTENDED'
        assert.equal(await restored.sql(checksum), await source.sql(checksum))
        const tables =
          "SELECT table_name FROM information_schema.tables WHERE table_schema IN ('shop', 'a-b') ORDER BY 1"
        assert.equal(await restored.sql(tables), 'orders\nt.1 ü\n')
        assertRefused(
          await holdfast([...take, source.url(), '--tables', 'shop.nowhere'], { env }),
          2,
          /the server has no table shop\.nowhere/,
        )
      },
    )

    await context.test('a program that is of another series, fails, or breaks off is no backup', async () => {
      const before = await holdfast(['list', 'shop', '--json'], { env })
      const fake = async (name: string, script: string): Promise<Record<string, string>> => {
        const file = path.join(folder.path, name)
        await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
        return { ...env, HOLDFAST_MARIADB_BACKUP: file }
      }
      const isVersion = `[ "$1" = --version ] && exec '${program}' "$@"`
      const older = await fake('older', 'echo "mariadb-backup based on MariaDB server 10.5.1-MariaDB x (y)"')
      assertRefused(await holdfast([...take, source.url()], { env: older }), 23, /is of 10\.5\.1/)
      const cut = await fake('cut', `${isVersion}\n'${program}' "$@" | head -c 1000000`)
      assertRefused(await holdfast([...take, source.url()], { env: cut }), 1, /mariadb-backup broke off/)
      const failed = await fake('failed', `${isVersion}\n'${program}' "$@"\necho "no more" >&2; exit 1`)
      assertRefused(
        await holdfast([...take, source.url()], { env: failed }),
        1,
        /could not back up the server/,
      )
      const missing = { ...env, HOLDFAST_MARIADB_BACKUP: path.join(folder.path, 'none') }
      assertRefused(
        await holdfast([...take, source.url()], { env: missing }),
        23,
        /cannot be run|does not say/,
      )
      assert.equal((await holdfast(['list', 'shop', '--json'], { env })).stdout, before.stdout)
    })
  })
}

for (const kind of testedKinds.filter((name) => name.startsWith('mariadb'))) {
  test(`a page that is wrong on the server, and a server that dies, are told as such (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await createShop(source)
    const program = path.join(path.dirname(source.programs.dump[0]), 'mariadb-backup')
    const env = {
      HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
      HOLDFAST_MARIADB_BACKUP: program,
    }
    await succeed(['init', '--no-encryption'], { env })
    const take = ['backup', '--method', 'mariadb-backup', '--name', 'shop', source.url()]
    const dying = path.join(folder.path, 'dying')
    const script = `[ "$1" = --version ] && exec '${program}' "$@"\nkill -9 ${source.pid}\nexec '${program}' "$@"`
    await source.sql('FLUSH TABLES shop.customers FOR EXPORT; UNLOCK TABLES')
    await damage(path.join(source.dataDir, 'shop/customers.ibd'), 3 * 16_384 + 500)
    assertRefused(
      await holdfast(take, { env }),
      1,
      /page 3 of shop\/customers\.ibd has a wrong checksum on the server/,
    )
    await writeFile(dying, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const died = await holdfast(take, { env: { ...env, HOLDFAST_MARIADB_BACKUP: dying } })
    assertRefused(died, 20, /could not connect to the server|went away/)
    assert.match((await succeed(['list', '--json'], { env })).stdout, /"backups":\s*\[\]/)
  })
}

async function damage(file: string, offset: number): Promise<void> {
  await using handle = await open(file, 'r+')
  await handle.write(Buffer.from('no such bytes'), 0, 13, offset)
}

for (const kind of testedKinds.filter((name) => name.startsWith('mariadb'))) {
  test(`tables that are made, renamed, rebuilt, emptied and dropped meanwhile come back as they are (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await createShop(source)
    await source.sql(
      'CREATE TABLE shop.bulk (id INT AUTO_INCREMENT PRIMARY KEY, data VARBINARY(4000)); ' +
        'INSERT INTO shop.bulk (data) SELECT RANDOM_BYTES(3000) FROM shop.orders JOIN (SELECT 1 UNION SELECT 2 UNION SELECT 3) AS t',
    )
    const program = path.join(path.dirname(source.programs.dump[0]), 'mariadb-backup')
    const env = {
      HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
      HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
      HOLDFAST_MARIADBD: source.programs.server,
      HOLDFAST_MARIADB_BACKUP: await slowly(program, folder.path),
    }
    await succeed(['init', '--no-encryption'], { env })
    const over = new AbortController()
    const changing = (async () => {
      let rounds = 0
      for (; !over.signal.aborted; rounds += 1) {
        await source.sql(changes(rounds))
        // In memory there are a dozen of them a second, and the redo log is written over before a slow reader has it.
        await sleep(200)
      }
      return rounds
    })()
    await succeed(['backup', '--method', 'mariadb-backup', '--name', 'shop', source.url()], { env })
    over.abort()
    assert.ok((await changing) > 2, 'tables came and went')
    await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
    const directory = path.join(folder.path, 'restored')
    await succeed(['restore', 'shop', '--datadir', directory], { env })
    await using restored = await startServer(kind, { dataDir: directory })
    assert.deepEqual(await differencesBetween(source, restored), [])
    const tables = (await restored.sql('SHOW TABLES FROM shop')).trim().split('\n')
    const check = await restored.sql(
      `CHECK TABLE ${tables.map((name) => `shop.${name}`).join(', ')} EXTENDED`,
    )
    assert.doesNotMatch(check, /error|corrupt/i)
  })
}

/** The program with a reader that takes 2 MiB at a time: what it copies takes a while. */
async function slowly(program: string, folder: string): Promise<string> {
  const file = path.join(folder, 'slowly')
  const lines = [
    '#!/bin/sh',
    `[ "$1" = --version ] && exec '${program}' "$@"`,
    `{ '${program}' "$@"; echo $? > '${file}.status'; } | while :; do`,
    `  head -c 2097152 > '${file}.part'; [ -s '${file}.part' ] || break; cat '${file}.part'; sleep 0.3`,
    'done',
    `exit $(cat '${file}.status')`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o755 })
  return file
}

function changes(n: number): string {
  return `
CREATE TABLE shop.made_${n} (id INT AUTO_INCREMENT PRIMARY KEY, data VARBINARY(2000)) ${n % 2 === 0 ? '' : 'ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8'};
INSERT INTO shop.made_${n} (data) SELECT RANDOM_BYTES(600) FROM shop.orders LIMIT 300;
${n < 1 ? '' : `RENAME TABLE shop.made_${n - 1} TO shop.renamed_${n - 1}; ALTER TABLE shop.renamed_${n - 1} ADD KEY (data(10)), FORCE;`}
${n < 3 ? '' : `DROP TABLE shop.renamed_${n - 3}; TRUNCATE TABLE shop.renamed_${n - 2};`}
UPDATE shop.orders SET note = HEX(RANDOM_BYTES(20)) WHERE id % 7 = ${n % 7};`
}

interface Layout {
  readonly what: string
  readonly options: TestServerOptions
  readonly isEncrypted?: boolean
}

const layouts: readonly Layout[] = [
  { what: 'encrypted tables and redo logs', options: {}, isEncrypted: true },
  {
    what: 'pages of 4 KiB in a system tablespace of several files',
    options: { pageBytes: 4096, args: ['--innodb-data-file-path=ibdata1:12M;ibdata2:8M:autoextend'] },
  },
]

for (const kind of testedKinds.filter((name) => name.startsWith('mariadb'))) {
  for (const { what, options, isEncrypted } of layouts) {
    test(`${what} are copied, and prepared as the server had them (${kind})`, async () => {
      await using folder = await temporaryDirectory()
      await using source = await startServer(kind, options)
      const keyring = isEncrypted === true ? await withKeyring(source, folder.path) : undefined
      await createShop(source)
      if (isEncrypted === true) await source.sql('ALTER TABLE shop.orders ENCRYPTED = YES')
      const env = {
        HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
        HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
        HOLDFAST_MARIADBD: source.programs.server,
        HOLDFAST_MARIADB_BACKUP: path.join(path.dirname(source.programs.dump[0]), 'mariadb-backup'),
      }
      await succeed(['init', '--no-encryption'], { env })
      const writing = takeOrders(source, 200)
      const take = ['backup', '--method', 'mariadb-backup', '--name', 'shop', source.url()]
      await Promise.all([succeed(take, { env }), writing])
      await takeOrders(source, 10)
      await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
      const directory = path.join(folder.path, 'restored')
      const told = keyring === undefined ? [] : ['--server-options', keyring.optionFile]
      await succeed(['restore', 'shop', '--datadir', directory, ...told], { env })
      const args = [...(options.args ?? []), ...(keyring?.args ?? [])]
      await using restored = await startServer(kind, { ...options, dataDir: directory, args })
      assert.deepEqual(await differencesBetween(source, restored), [])
    })
  }
}

function lastBackup(stdout: string): BackupSummary {
  const { backup }: { backup: BackupSummary } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  return backup
}
