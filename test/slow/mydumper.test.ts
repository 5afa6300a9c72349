// A dump that mydumper itself wrote, as Debian has it, comes back with every row.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { fillShop } from '../../scripts/sample-shop/fill-shop.ts'
import { fetchedPackages, throughLoader } from '../support/fetched-packages.ts'
import { holdfast, succeed } from '../support/holdfast.ts'
import { type ServerKind, startServer, testedKinds } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { openWitness } from '../support/witness.ts'

const packages = { suite: 'bookworm', packages: ['mydumper'], loosePackages: [] } as const
const run = promisify(execFile)

// What Debian has asks for statements that MySQL 9 has no more.
for (const kind of testedKinds.filter((name) => name.startsWith('mariadb'))) {
  test(`a folder that mydumper wrote comes back (${kind})`, () => bringsBack(kind))
}

async function bringsBack(kind: ServerKind): Promise<void> {
  await using folder = await temporaryDirectory()
  await using source = await startServer(kind)
  await using witness = await openWitness(source)
  await fillShop(witness.query, { flavour: source.flavour, orders: 200 })
  const root = await fetchedPackages('mydumper', packages)
  const [program, ...words] = await throughLoader(root, 'usr/bin/mydumper')
  const repository = ['--repository', path.join(folder.path, 'repository')]
  await succeed(['init', ...repository, '--no-encryption'])
  for (const [name, more] of [
    ['plain', []],
    ['chunks', ['--rows=50', '--compress']],
  ] as const) {
    const dump = path.join(folder.path, name)
    const login = ['--host=127.0.0.1', `--port=${source.port}`, '--user=root', '--database=shop']
    await run(program, [...words, ...login, '-G', '-E', '-R', '-o', dump, ...more])
    const named = [...repository, '--name', name]
    const imported = await holdfast(['import', dump, '--server-version', source.version, ...named])
    assert.equal(imported.exit, 3, imported.output)
    await using target = await startServer(kind, { args: ['--local-infile=1'] })
    const restore = ['restore', name, ...repository, '--to', 'backup', '--target', target.url(), '--verify']
    const restored = await holdfast([...restore, '--confirm', name])
    assert.ok(restored.exit === 0 || restored.exit === 3, restored.output)
    assert.equal(await target.sql(content), await source.sql(content))
  }
}

const content = `SELECT COUNT(*), MAX(id) FROM shop.orders; CHECKSUM TABLE shop.payments, shop.products, shop.addresses EXTENDED;
  SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'shop' ORDER BY 1;
  SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'shop' ORDER BY 1`
