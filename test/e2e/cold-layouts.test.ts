// Cold backups of servers whose files are not the usual ones: encrypted, with pages of other sizes, a system tablespace of several files.
import assert from 'node:assert/strict'
import { appendFile, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { environmentOf } from '../support/comes-back.ts'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { withKeyring } from '../support/keyring.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** A backup of the stopped server, then orders after it, and all of it back in `restored`. */
async function backUpAndRestore(
  source: TestServer,
  env: Record<string, string>,
  restored: string,
  options: readonly string[] = [],
): Promise<void> {
  await succeed(['init', '--no-encryption'], { env })
  await source.sql('SET GLOBAL innodb_fast_shutdown = 0')
  await source.stop()
  const run = await holdfast(
    ['backup', '--method', 'cold', '--name', 'shop', '--datadir', source.dataDir, ...options],
    { env },
  )
  assert.equal(run.exit, 0, run.output)
  await source.restart()
  await takeOrders(source, 10)
  await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
  await succeed(['restore', 'shop', '--datadir', restored, ...options], { env })
}

for (const kind of testedKinds) {
  test(`encrypted tablespaces and redo logs come back with their key, and are refused without it (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    const redo = source.flavour === 'mysql' ? ['--innodb-redo-log-encrypt=ON'] : []
    const keyring = await withKeyring(source, folder.path, redo)
    await createShop(source)
    const encrypted = source.flavour === 'mysql' ? "ENCRYPTION = 'Y'" : 'ENCRYPTED = YES'
    await source.sql(`ALTER TABLE shop.orders ${encrypted}; ALTER TABLE shop.audit ${encrypted}`)
    const env = environmentOf(source, folder.path)
    const restored = path.join(folder.path, 'restored')
    await backUpAndRestore(source, env, restored, ['--server-options', keyring.optionFile])
    const pages = await readFile(path.join(restored, 'shop/orders.ibd'))
    assert.ok(!pages.includes('while streaming'), 'what is restored is encrypted')
    await using copy = await startServer(kind, { dataDir: restored, args: keyring.args })
    assert.deepEqual(await differencesBetween(source, copy), [])
    if (source.flavour === 'mysql') return
    // MySQL's data directory says itself where its keyring is.
    const words = ['restore', 'shop', '--datadir', path.join(folder.path, 'keyless')]
    assertRefused(
      await holdfast(words, { env }),
      23,
      /is encrypted \(\S*file_key_management\S*\), and no option file/,
    )
    await assert.rejects(readdir(path.join(folder.path, 'keyless')), 'no byte was written')
  })

  for (const pageBytes of [4096, 65_536]) {
    test(`a server with pages of ${pageBytes / 1024} KiB comes back (${kind})`, async () => {
      await using folder = await temporaryDirectory()
      await using source = await startServer(kind, { pageBytes })
      await createShop(source)
      const restored = path.join(folder.path, 'restored')
      await backUpAndRestore(source, environmentOf(source, folder.path), restored)
      await using copy = await startServer(kind, { dataDir: restored, pageBytes })
      assert.deepEqual(await differencesBetween(source, copy), [])
    })
  }

  test(`a system tablespace of several files comes back, told by their names alone or by the option file (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    const dataFiles = '--innodb-data-file-path=ibdata1:12M;ibdata2:8M;ibdata3:8M:autoextend'
    await using source = await startServer(kind, { args: [dataFiles] })
    await createShop(source)
    const restored = path.join(folder.path, 'restored')
    await backUpAndRestore(source, environmentOf(source, folder.path), restored)
    await using copy = await startServer(kind, { dataDir: restored, args: [dataFiles] })
    assert.deepEqual(await differencesBetween(source, copy), [])
  })

  test(`an encrypted binary log is named as such (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    const keyring = await withKeyring(source, folder.path)
    const option = source.flavour === 'mysql' ? 'binlog-encryption' : 'encrypt-binlog'
    await source.restart({ args: [...keyring.args, `--${option}=ON`] })
    await source.sql('CREATE DATABASE shop; SET GLOBAL innodb_fast_shutdown = 0')
    await source.stop()
    const env = environmentOf(source, folder.path)
    await succeed(['init', '--no-encryption'], { env })
    const cold = ['backup', '--method', 'cold', '--name', 'shop', '--datadir', source.dataDir]
    assertRefused(await holdfast(cold, { env }), 1, /binlog\.\d+ is encrypted, and where the history/)
  })
}

test('where a server writes its binary log is not guessed', async () => {
  await using folder = await temporaryDirectory()
  const kind = testedKinds[0]!
  await using source = await startServer(kind, {
    log_bin: false,
    sql: 'CREATE DATABASE shop; SET GLOBAL innodb_fast_shutdown = 0',
  })
  const env = environmentOf(source, folder.path)
  await succeed(['init', '--no-encryption'], { env })
  await source.stop()
  const cold = ['backup', '--method', 'cold', '--name', 'shop', '--datadir', source.dataDir]
  const untold = await holdfast(cold, { env })
  assert.equal(untold.exit, 3, untold.output)
  assert.match(untold.stderr, /no binary log is in \S+: .* --server-options FILE tells/)
  const file = path.join(folder.path, 'my.cnf')
  await appendFile(file, '[mysqld]\nskip-log-bin\n')
  const told = await holdfast([...cold, '--server-options', file], { env })
  assert.equal(told.exit, 3, told.output)
  assert.match(told.stderr, /the server has no binary log: /)
  await appendFile(path.join(folder.path, 'other.cnf'), `[mysqld]\nlog-bin=${folder.path}/gone/binlog\n`)
  const gone = await holdfast([...cold, '--server-options', path.join(folder.path, 'other.cnf')], { env })
  assertRefused(
    gone,
    2,
    /has the index of the binary log at \S+gone\/binlog\.index, which cannot be read: ENOENT/,
  )
})
