// Clones of servers that encrypt: what comes over the wire is as it lies on the disk, and opens with the keyring of the source alone.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/core/errors.ts'
import {
  assertCatchesUp,
  changeEverything,
  clonedKinds,
  cloneOf,
  cloner,
  startClone,
} from '../support/clone-rig.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { withKeyring } from '../support/keyring.ts'
import { startServer } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

for (const kind of clonedKinds) {
  test(`encrypted tablespaces and undo logs come over TLS, and open with the keyring of the source (${kind})`, async (context) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind, {
      tls: true,
      users: [{ ...cloner, grants: ['BACKUP_ADMIN ON *.*'] }],
    })
    const { caFile, serverCertFile, serverKeyFile } = source.certificates!
    const tlsArgs = [`--ssl-ca=${caFile}`, `--ssl-cert=${serverCertFile}`, `--ssl-key=${serverKeyFile}`]
    const keyring = await withKeyring(source, folder.path, tlsArgs)
    await source.sql("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    await createShop(source)
    await source.sql(`
      ALTER TABLE shop.orders ENCRYPTION = 'Y';
      CREATE TABLE shop.squeezed (id INT PRIMARY KEY, text TEXT) COMPRESSION = 'zlib' ENCRYPTION = 'Y';
      INSERT INTO shop.squeezed SELECT id, REPEAT('holdfast ', 500) FROM shop.orders LIMIT 400;
      -- New undo tablespaces are not encrypted any more; those that are stay so.
      SET GLOBAL innodb_undo_log_encrypt = OFF;
      FLUSH TABLES shop.orders, shop.squeezed FOR EXPORT; UNLOCK TABLES`)

    await context.test('without TLS the server refuses, and that is told', async () => {
      await assert.rejects(
        cloneOf(source),
        (error) =>
          isHoldfastError(error, 'UNSUPPORTED') &&
          /sends encrypted tablespaces over TLS alone/.test(error.message) &&
          /--ssl-mode=REQUIRED/.test(error.hint),
      )
    })

    const tls = { mode: 'VERIFY_CA', caFile } as const
    await using writing = changeEverything(source)
    const run = await cloneOf(source, { tls, bytesPerSecond: 25_000_000 })
    assert((await writing.stop()) > 0)
    await source.sql('CREATE TABLE shop.later (id INT PRIMARY KEY) AS SELECT 1 AS id')
    await takeOrders(source, 20)

    await context.test(
      'the backup says that a keyring is needed, and holds no row of them in clear',
      async () => {
        assert.match(run.content.server.keyring ?? '', /keyring/)
        const orders = run.result.objects.find(({ name }) => name === 'shop/orders.ibd')
        const stored = run.backup.source(run.result)
        for (const { id } of orders?.chunks ?? [])
          assert.ok(!(await stored.getChunk(id)).includes('line one'))
      },
    )

    await context.test('without the keyring no server starts on it', async () => {
      await assert.rejects(startClone(kind, run), /[Ee]ncrypt|keyring/)
    })

    await context.test('a restore needs no option for a component, and says what is missing', async () => {
      const env = {
        HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
        HOLDFAST_MYSQLD: source.programs.server,
      }
      await succeed(['init', '--no-encryption'], { env })
      const secure = ['--ssl-mode', 'VERIFY_CA', '--ssl-ca', caFile]
      await holdfast(['backup', source.url(cloner), ...secure, '--method', 'clone', '--name', 'shop'], {
        env,
      })
      const restored = path.join(folder.path, 'restored')
      const words = ['restore', 'shop', '--datadir', restored]
      const refused = await holdfast(words, { env })
      assertRefused(
        refused,
        1,
        /could not start on the restored files .+: it has no keys to what is encrypted/,
      )
      assert.match(refused.stderr, /hint: Give it the keyring of the source: .+mysqld\.my/)
      await keyring.giveTo(restored)
      // A warning tells that no binary logs were archived.
      const run = await holdfast(words, { env })
      assert.match(run.stdout, /^Restored shop to .+; recovered/, run.output)
    })

    await using clone = await startClone(kind, run, keyring)
    await assertCatchesUp(clone, source)

    await context.test('an encrypted redo log is refused', async () => {
      await source.sql('SET GLOBAL innodb_redo_log_encrypt = ON')
      await assert.rejects(
        cloneOf(source, { tls }),
        (error) => isHoldfastError(error, 'UNSUPPORTED') && /redo log is encrypted/.test(error.message),
      )
    })
  })
}
