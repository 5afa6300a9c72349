// MariaDB servers that nobody gave ids of their own: a restored one must not be taken for its source, nor the source for it.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { createShop, shopFingerprint, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

for (const kind of testedKinds.filter((each) => each.startsWith('mariadb'))) {
  test(`a target with the id of its source is gone on with, and the source itself is refused (${kind})`, async () => {
    const args = ['--server-id=1']
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind, { args })
    await using target = await startServer(kind, { args })
    await createShop(source)
    const words = ['--repository', path.join(folder.path, 'repository')]
    const env = { HOLDFAST_SPOOL: path.join(folder.path, 'spool') }
    await succeed(['init', ...words, '--no-encryption'])
    await succeed(['backup', source.url(), ...words, '--name', 'shop'])
    const stream = ['stream', source.url(), ...words, '--name', 'shop', '--until-caught-up']
    await takeOrders(source, 30)
    await succeed(stream, { env })

    const restore = ['restore', 'shop', ...words, '--target', target.url()]
    const goOn = [...restore, '--confirm', 'shop']
    await succeed(goOn)
    await takeOrders(source, 30)
    await succeed(stream, { env })
    // Its log goes on in several files, the first of which it no longer has.
    await target.sql('FLUSH BINARY LOGS')
    const plan = await succeed([...restore, '--dry-run'])
    assert.match(plan.stdout, /has the ids of the server that the backups are of/)
    const run = await holdfast(goOn)
    assert.equal(run.exit, 3, run.output)
    assert.match(run.stderr, /where an earlier run ended, unless the target is the source itself/)
    assert.equal(await shopFingerprint(target), await shopFingerprint(source))
    await target.sql("FLUSH BINARY LOGS; PURGE BINARY LOGS TO 'binlog.000002'")
    await takeOrders(source, 3)
    await succeed(stream, { env })
    assert.equal((await holdfast(goOn)).exit, 3)
    assert.equal(await shopFingerprint(target), await shopFingerprint(source))

    const onto = ['restore', 'shop', ...words, '--target', source.url(), '--confirm', 'shop']
    assertRefused(await holdfast(onto), 2, /is the instance itself/)
  })
}
