// Hot copies, with what may happen to a server in the middle of one: the outcome is the server as it was in the end, or a refusal and a free server.
import assert from 'node:assert/strict'
import { cp, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32c } from '../../src/bytes/crc32c.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { RedoCopy } from '../../src/physical/hot/mariadb/redo-copy.ts'
import { Pouring } from '../../src/physical/pour/pouring.ts'
import { eventually } from '../support/archive-rig.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { fillMiddle, hotCopyOf, startOn } from '../support/hot-rig.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { createShop } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWitness } from '../support/witness.ts'

const mysqlKinds = testedKinds.filter((kind) => kind.startsWith('mysql'))
const mariadbKinds = testedKinds.filter((kind) => kind.startsWith('mariadb'))

/** Rounds of a megabyte or so of redo log. */
async function writeMuch(server: TestServer, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await server.sql(
      `UPDATE middle.rows_of_it SET bytes = REPEAT('${round}holdfast', 110000) WHERE id = ${1 + (round % 48)}`,
    )
  }
}

/** Of a file of MariaDB with full_crc32, all pages of 16 KiB. */
function setLsns(file: Buffer, lsn: bigint): void {
  const pageBytes = 16_384
  for (let at = 0; at < file.length; at += pageBytes) {
    if (file.readUInt16BE(at + 24) === 0) continue
    file.writeBigUInt64BE(lsn, at + 16)
    file.writeUInt32BE(Number(lsn & 0xffff_ffffn), at + pageBytes - 8)
    file.writeUInt32BE(crc32c(file, at, at + pageBytes - 4), at + pageBytes - 4)
  }
}

eachServer('all that is written while files are read is in a hot copy, of every engine', async (kind) => {
  await using source = await startServer(kind)
  await createShop(source)
  await fillMiddle(source)
  await source.sql(`
    CREATE TABLE shop.plain (id INT PRIMARY KEY, note VARCHAR(80), KEY (note)) ENGINE=MyISAM;
    INSERT INTO shop.plain SELECT id, 'before' FROM shop.orders;
    CREATE TABLE shop.lines (id INT NOT NULL, line VARCHAR(80) NOT NULL) ENGINE=CSV;
    INSERT INTO shop.lines VALUES (1, 'before')
    ${source.flavour === 'mysql' ? '' : ';CREATE TABLE shop.safe (id INT PRIMARY KEY, note VARCHAR(80)) ENGINE=Aria; INSERT INTO shop.safe SELECT id, 1 FROM shop.orders'}`)
  const run = await hotCopyOf(source, {
    inTheMiddle: async () => {
      await writeMuch(source, 20)
      await source.sql(`
        UPDATE shop.plain SET note = CONCAT('after ', id);
        INSERT INTO shop.lines VALUES (2, 'after');
        UPDATE shop.orders SET note = HEX(RANDOM_BYTES(200));
        ${source.flavour === 'mysql' ? '' : "UPDATE shop.safe SET note = CONCAT('after ', id)"}`)
    },
  })
  await using copy = await startOn(source, run)
  assert.deepEqual(await differencesBetween(copy, source), [])
  const executed = source.flavour === 'mysql' ? '@@GLOBAL.gtid_executed' : '@@GLOBAL.gtid_binlog_pos'
  assert.equal(run.result.point.gtid?.text, (await source.sql(`SELECT ${executed}`)).replaceAll(/\s/g, ''))
  assert.equal(run.result.point.position?.file, 'binlog.000001')
})

for (const kind of mariadbKinds) {
  test(`copies of a table's file that somebody has put beside it are not taken for the table (${kind})`, async () => {
    await using source = await startServer(kind)
    await createShop(source)
    await source.sql('FLUSH TABLES shop.orders FOR EXPORT; UNLOCK TABLES')
    const file = (name: string): string => path.join(source.dataDir, `shop/${name}.ibd`)
    // Before and behind it, however names are gone through.
    for (const name of ['aaa', 'orders_bak', 'zzz']) await cp(file('orders'), file(name))
    await source.sql(
      'UPDATE shop.orders SET note = HEX(RANDOM_BYTES(200)); SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0, innodb_max_dirty_pages_pct = 0',
    )
    const run = await hotCopyOf(source)
    const names = run.content.files
      .map((each) => each.path)
      .filter((name) => /^shop\/(aaa|orders.*|zzz)\.ibd$/.test(name))
    assert.deepEqual(names.toSorted(), [
      'shop/aaa.ibd',
      'shop/orders.ibd',
      'shop/orders_bak.ibd',
      'shop/zzz.ibd',
    ])
    // As an administrator would: a server asks which of them is meant.
    await using copy = await startOn(source, run)
    assert.equal(
      await copy.sql('SELECT SUM(CRC32(note)) FROM shop.orders'),
      await source.sql('SELECT SUM(CRC32(note)) FROM shop.orders'),
    )
  })

  test(`tables that are made, renamed, rebuilt, swapped and dropped while files are read are in it as they are in the end (${kind})`, async () => {
    await using source = await startServer(kind)
    await createShop(source)
    await fillMiddle(source)
    const names = ['renamed', 'rebuilt', 'truncated', 'dropped', 'one', 'other', 'again']
    // Some are copied before the middle, some after it.
    for (const schema of ['a', 'z']) {
      await source.sql(`CREATE DATABASE ${schema}`)
      for (const name of names)
        await source.sql(
          `CREATE TABLE ${schema}.${name} (id INT PRIMARY KEY, note VARCHAR(80)); INSERT INTO ${schema}.${name} SELECT id, '${name}' FROM shop.orders`,
        )
    }
    const run = await hotCopyOf(source, {
      inTheMiddle: async () => {
        for (const schema of ['a', 'z'])
          await source.sql(`USE ${schema};
            RENAME TABLE renamed TO renamed_now;
            ALTER TABLE rebuilt ADD KEY (note), FORCE;
            TRUNCATE TABLE truncated; INSERT INTO truncated VALUES (1, 'anew');
            DROP TABLE dropped;
            RENAME TABLE one TO passing, other TO one, passing TO other;
            DROP TABLE again; CREATE TABLE again (id INT PRIMARY KEY, other_note TEXT); INSERT INTO again VALUES (1, 'again');
            CREATE TABLE packed (id INT PRIMARY KEY, note TEXT) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=4;
            INSERT INTO packed SELECT id, REPEAT('packed ', 200) FROM shop.orders;
            CREATE TABLE plain (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO plain VALUES (1)`)
        await source.sql(
          'CREATE DATABASE made; CREATE TABLE made.t (id INT PRIMARY KEY); DROP DATABASE IF EXISTS nothing',
        )
      },
    })
    await using copy = await startOn(source, run)
    assert.deepEqual(await differencesBetween(copy, source), [])
  })

  test(`tables that are imported while files are read are in it as they are in the end, or it is refused (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await createShop(source)
    await fillMiddle(source)
    // Some are copied before the middle, some after it.
    const tables = ['a.t', 'z.t']
    const fileOf = (table: string, end: string): string =>
      path.join(source.dataDir, `${table.replace('.', '/')}.${end}`)
    const kept = (table: string, end: string): string => path.join(folder.path, `${table}.${end}`)
    for (const table of tables) {
      await source.sql(
        `CREATE DATABASE ${table[0]}; CREATE TABLE ${table} (id INT PRIMARY KEY, note VARCHAR(80), KEY (note)); INSERT INTO ${table} SELECT id, 'exported' FROM shop.orders`,
      )
      await using holder = await openWitness(source)
      await holder.query(`FLUSH TABLES ${table} FOR EXPORT`)
      for (const end of ['ibd', 'cfg']) await cp(fileOf(table, end), kept(table, end))
      // As from a server that has written more: recovery would take its pages for newer than what it has to do to them.
      const bytes = await readFile(kept(table, 'ibd'))
      setLsns(bytes, 1n << 40n)
      await writeFile(kept(table, 'ibd'), bytes)
    }
    const put = async (table: string): Promise<void> => {
      for (const end of ['ibd', 'cfg']) await cp(kept(table, end), fileOf(table, end))
    }
    for (const table of tables) await source.sql(`ALTER TABLE ${table} DISCARD TABLESPACE`)
    // Nothing of this is in the log then.
    await source.restart()
    for (const table of tables) await put(table)
    const run = await hotCopyOf(source, {
      inTheMiddle: async () => {
        // What is read before is read.
        await sleep(500)
        for (const table of tables)
          await source.sql(
            `ALTER TABLE ${table} IMPORT TABLESPACE; INSERT INTO ${table} SELECT id + 10000, 'after' FROM shop.orders`,
          )
      },
    })
    await using copy = await startOn(source, run)
    assert.deepEqual(await differencesBetween(copy, source), [])
    await assert.rejects(
      hotCopyOf(source, {
        inTheMiddle: async () => {
          await source.sql('ALTER TABLE a.t DISCARD TABLESPACE')
          await put('a.t')
          await source.sql('ALTER TABLE a.t IMPORT TABLESPACE')
        },
      }),
      /a\/t\.ibd was discarded and imported/,
    )
    await source.sql('SET lock_wait_timeout = 20; CREATE TABLE a.free (id INT PRIMARY KEY)')
  })

  test(`a server that writes its whole log before it is read, or makes it anew, is refused (${kind})`, async () => {
    await using source = await startServer(kind, { args: ['--innodb-log-file-size=8M'] })
    await fillMiddle(source)
    // A copy begins at the checkpoint, which may be almost the whole log behind: the reader would have no time at all.
    await source.sql(
      'SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0.001; SET GLOBAL innodb_max_dirty_pages_pct = 0',
    )
    await eventually('the checkpoint is near', async () => {
      const [, age = ''] = (await source.sql("SHOW GLOBAL STATUS LIKE 'Innodb_checkpoint_age'")).split('\t')
      return Number(age) < 1_000_000
    })
    const currentLsn = async (): Promise<bigint> =>
      BigInt((await source.sql("SHOW GLOBAL STATUS LIKE 'Innodb_lsn_current'")).split('\t')[1] ?? '')
    const copyRedo = async (meanwhile: () => Promise<void>): Promise<void> => {
      const pouring = new Pouring(new MemoryBackup())
      const signal = new AbortController().signal
      await using redo = await RedoCopy.begin({
        folder: source.dataDir,
        intake: pouring,
        read: () => undefined,
        signal,
      })
      await meanwhile()
      await redo.finish(await currentLsn(), currentLsn)
    }
    await copyRedo(() => writeMuch(source, 3))
    await assert.rejects(
      copyRedo(() => writeMuch(source, 30)),
      /^HoldfastError: the server wrote its redo log faster than it could be read/,
    )
    await assert.rejects(
      copyRedo(async () => {
        await source.sql('SET GLOBAL innodb_log_file_size = 16777216')
        await writeMuch(source, 2)
        // It goes on in the background.
        for (
          let waits = 0;
          waits < 100 && (await source.sql('SELECT @@innodb_log_file_size')).trim() !== '16777216';
          waits++
        )
          await sleep(100)
      }),
      /made its redo log anew|faster than it could be read/,
    )
  })
}

for (const kind of mysqlKinds) {
  test(`a small redo log is no bound, for the server is told what was copied (${kind})`, async () => {
    await using source = await startServer(kind, { args: ['--innodb-redo-log-capacity=8M'] })
    await createShop(source)
    await fillMiddle(source)
    // 24 MB: without a word of ours the server would wait for ever.
    const run = await hotCopyOf(source, { inTheMiddle: () => writeMuch(source, 24) })
    await using copy = await startOn(source, run)
    assert.deepEqual(await differencesBetween(copy, source), [])
  })

  test(`a commit that waits between binary log and InnoDB is waited for, and is in a hot copy (${kind})`, async () => {
    await using source = await startServer(kind, {
      args: [
        '--plugin-load-add=semisync_source.so',
        '--rpl-semi-sync-source-wait-no-replica=ON',
        '--rpl-semi-sync-source-timeout=4000',
        '--rpl-semi-sync-source-wait-point=AFTER_SYNC',
      ],
      sql: 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); SET GLOBAL rpl_semi_sync_source_enabled = ON',
    })
    const before = await source.sql('SHOW BINARY LOG STATUS')
    // Behind the write to the binary log, before the commit in InnoDB: for a replica that never comes.
    const waiting = source.sql('INSERT INTO d.t VALUES (1)')
    while ((await source.sql('SHOW BINARY LOG STATUS')) === before) await sleep(20)
    assert.equal(await source.sql('SELECT COUNT(*) FROM d.t'), '0\n')
    const run = await hotCopyOf(source)
    await waiting
    await using copy = await startOn(source, run)
    assert.equal(await copy.sql('SELECT COUNT(*) FROM d.t'), '1\n')
    assert.equal(run.result.point.gtid?.text, await executedOf(copy))
  })

  test(`commits of many sessions that are under way leave no hole in what a hot copy has (${kind})`, async () => {
    await using source = await startServer(kind, { durable: true })
    await createShop(source)
    const over = new AbortController()
    const write = async (session: number): Promise<void> => {
      while (!over.signal.aborted) {
        await source.sql(`UPDATE shop.orders SET note = RAND() WHERE id = ${session};`.repeat(50))
        // Some commits are under way at any moment, and the copy has a share of the processors too.
        await sleep(200)
      }
    }
    const writing = Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(write))
    // While it writes, the server must not be stopped: its failure would hide ours.
    const [run] = await Promise.allSettled([hotCopyOf(source).finally(() => over.abort()), writing])
    if (run.status === 'rejected') throw run.reason
    await writing
    await using copy = await startOn(source, run.value)
    const said = run.value.result.point.gtid?.text ?? ''
    assert.match(said, /^[-0-9a-f]+:1-\d+$/)
    assert.equal(await executedOf(copy), said)
    assert.match(await copy.sql('CHECK TABLE shop.orders EXTENDED'), /status\tOK/)
  })
}

async function executedOf(server: TestServer): Promise<string> {
  return (await server.sql('SELECT @@GLOBAL.gtid_executed')).replaceAll(/\s/g, '')
}

eachServer(
  'a directory that is not that of the server is refused, and the server left as it was',
  async (kind) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind, {
      sql: 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)',
    })
    await using other = await startServer(kind)
    const copied = path.join(folder.path, 'copied')
    await cp(source.dataDir, copied, { recursive: true, filter: (from) => !from.endsWith('.sock') })
    await source.sql('INSERT INTO d.t VALUES (1)')
    for (const directory of [other.dataDir, copied]) {
      await assert.rejects(hotCopyOf(source, { directory }), (error: unknown) => {
        assert(isHoldfastError(error, 'UNSUPPORTED'), String(error))
        assert.match(error.message, /is not the data directory of that server/)
        return true
      })
    }
    await assert.rejects(
      hotCopyOf(source, { directory: path.join(folder.path, 'none') }),
      /cannot be read here: ENOENT/,
    )
    await source.sql('SET lock_wait_timeout = 5; CREATE TABLE d.free (id INT PRIMARY KEY)')
  },
)
