// One byte changed, or the end cut off, in any object of a repository: it is found, named, and costs nothing else.
import assert from 'node:assert/strict'
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { holdfast, succeed } from '../support/holdfast.ts'
import { startServer } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { someKind } from '../support/some-kind.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

let folder: Awaited<ReturnType<typeof temporaryDirectory>>
let repository: string
let key: string

before(async () => {
  folder = await temporaryDirectory()
  repository = path.join(folder.path, 'repository')
  key = path.join(folder.path, 'recovery.key')
  await using source = await startServer(someKind())
  await createShop(source)
  const writing = ['--repository', repository, '--name', 'shop']
  await succeed(['init', '--repository', repository, '--identity-out', key])
  await succeed(['backup', source.url(), ...writing])
  for (let round = 0; round < 3; round += 1) {
    await takeOrders(source, 3)
    await succeed(['stream', source.url(), ...writing, '--until-caught-up'])
  }
})

after(() => folder[Symbol.asyncDispose]())

/** What kinds of objects a repository has: the first folders of a key tell. The lease is no data. */
const kinds: Readonly<Record<string, RegExp>> = {
  'holdfast.json': /^holdfast\.json$/,
  recipients: /^keys\//,
  'source.json': /^sources\/shop\/source\.json$/,
  'a data key': /^sources\/shop\/keys\//,
  'a pack': /^sources\/shop\/packs\//,
  'a manifest': /^sources\/shop\/backups\//,
  'a segment of binary log': /^sources\/shop\/binlog\//,
}

const damages: Readonly<Record<string, (file: string, bytes: Buffer) => Promise<void>>> = {
  'with one byte changed': async (file, bytes) => {
    const changed = Buffer.from(bytes)
    const at = Math.floor(changed.length / 2)
    changed[at] = (changed[at] ?? 0) ^ 0x01
    await writeFile(file, changed)
  },
  'with its end cut off': async (file, bytes) => truncate(file, bytes.length - 1),
  'that is gone': async (file) => rm(file),
}

for (const [kind, pattern] of Object.entries(kinds)) {
  for (const [how, damage] of Object.entries(damages)) {
    // Nothing else tells of a backup whose manifest is gone: that is what makes it the commit point.
    if (kind === 'a manifest' && how === 'that is gone') continue
    test(`${kind} ${how} is found by verify`, async () => {
      const copy = path.join(folder.path, `${kind}-${how}`.replaceAll(/[^a-z]+/g, '-'))
      await cp(repository, copy, { recursive: true })
      const names = (await readdir(copy, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(copy, path.join(entry.parentPath, entry.name)))
        .filter((name) => pattern.test(name))
        .toSorted()
      // Of segments the one in the middle: a history may well start late or end early.
      const name = names[Math.floor(names.length / 2)]
      assert.ok(name !== undefined, `the repository has no ${kind}`)
      const file = path.join(copy, name)
      await damage(file, await readFile(file))
      const words = ['--repository', copy, '--identity', key]
      const run = await holdfast(['verify', 'shop', ...words, '--read-data'])
      // Without holdfast.json there is no repository, which is what 10 says.
      assert.ok([10, 30].includes(run.exit ?? 0), run.output)
      assert.equal(run.exit === 10, name === 'holdfast.json' && how === 'that is gone', run.output)
      if (how !== 'that is gone') assert.ok(run.output.includes(name), `${name} is not named: ${run.output}`)
      assert.doesNotMatch(run.output, /This is a bug/)
      await rm(copy, { recursive: true })
    })
  }
}

test('a repository whose backups were all deleted is not called intact without a word', async () => {
  const copy = path.join(folder.path, 'no-backups')
  await cp(repository, copy, { recursive: true })
  await rm(path.join(copy, 'sources', 'shop', 'backups'), { recursive: true })
  for (const words of [[], ['--identity', key], ['--identity', key, '--read-data']]) {
    const run = await holdfast(['verify', '--repository', copy, ...words])
    assert.equal(run.exit, 3, run.output)
    assert.match(
      run.stderr,
      /warning: shop: there is no backup .* \d+ packs? of data and 3 segments of binary log/,
    )
  }
  const run = await holdfast(['verify', '--repository', copy, '--identity', key, '--json'])
  const { sources }: { sources: { warnings: string[] }[] } = JSON.parse(
    run.stdout.trim().split('\n').at(-1) ?? '',
  )
  assert.equal(sources[0]?.warnings.length, 1, run.output)
})

test('packs of a backup whose manifest was deleted are told', async () => {
  const copy = path.join(folder.path, 'one-backup')
  await cp(repository, copy, { recursive: true })
  const reading = ['verify', '--repository', copy, '--identity', key]
  assert.doesNotMatch((await succeed(reading)).stdout, /no backup/)
  await using source = await startServer(someKind())
  await source.sql('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1)')
  const writing = ['backup', source.url(), '--repository', copy, '--name', 'other']
  await succeed(writing)
  const backups = path.join(copy, 'sources', 'other', 'backups')
  const [oldest = ''] = await readdir(backups)
  await source.sql('INSERT INTO d.t VALUES (2)')
  await succeed(writing)
  await rm(path.join(backups, oldest))
  assert.match((await succeed(reading)).stdout, /\d+ packs? of these belongs? to no backup: /)
})

test('a restore from a damaged pack stops and says so, instead of bringing back other rows', async () => {
  const copy = path.join(folder.path, 'restored')
  await cp(repository, copy, { recursive: true })
  const packs = path.join(copy, 'sources', 'shop', 'packs')
  for (const entry of await readdir(packs, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const bytes = await readFile(file)
    await damages['with one byte changed']?.(file, bytes)
  }
  await using target = await startServer(someKind())
  const run = await holdfast([
    'restore',
    'shop',
    '--repository',
    copy,
    '--identity',
    key,
    '--to',
    'backup',
    '--target',
    target.url(),
  ])
  assert.equal(run.exit, 30, run.output)
  assert.match(run.stderr, /packs\//)
})
