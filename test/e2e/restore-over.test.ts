// Data directories that were not restored to the end, or are damaged, by the command line: known as such, and made whole by another run.
import assert from 'node:assert/strict'
import { appendFile, mkdir, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, type HoldfastRun, holdfast, succeed } from '../support/holdfast.ts'
import { startLiveSource } from '../support/live-files.ts'
import { eachServer, startServer } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

eachServer('a directory that is not whole is made whole by a restore over it', async (kind, context) => {
  await using folder = await temporaryDirectory()
  await using source = await startLiveSource(kind)
  const { server } = source
  await createShop(server)
  const env = {
    ...source.env,
    HOLDFAST_REPOSITORY: path.join(folder.path, 'repository'),
    HOLDFAST_SPOOL: path.join(folder.path, 'spool'),
  }
  await succeed(['init', '--no-encryption'], { env })
  await succeed([...source.backup, '--name', 'shop'], { env })
  await takeOrders(server, 25)
  await succeed(['stream', server.url(), '--name', 'shop', '--until-caught-up'], { env })
  const data = path.join(folder.path, 'data')
  const mark = path.join(data, 'holdfast-restore.json')
  const words = ['restore', 'shop', '--datadir', data]
  const restore = (...more: readonly string[]) => holdfast([...words, ...more], { env })
  const killed = (pattern: RegExp, ...more: readonly string[]): Promise<HoldfastRun> =>
    holdfast([...words, ...more], {
      env,
      onOutput: (text, child) => {
        if (pattern.test(text)) child.kill('SIGKILL')
      },
    })
  const assertIsSource = async (): Promise<void> => {
    await assert.rejects(stat(mark), 'it is whole, and says nothing else')
    await using restored = await startServer(kind, { dataDir: data })
    assert.deepEqual(await differencesBetween(server, restored), [])
  }

  await context.test('a restore that was killed is known, and goes on when it is run again', async () => {
    const run = await killed(/recovering/)
    assert.equal(run.signal, 'SIGKILL', run.output)
    const { source: name, isInPlace } = JSON.parse(await readFile(mark, 'utf8'))
    assert.deepEqual({ name, isInPlace }, { name: 'shop', isInPlace: false })
    // As if it had been killed before.
    await rm(path.join(data, 'shop/orders.ibd'))
    await truncate(path.join(data, 'shop/customers.ibd'), 20_000)
    await mkdir(path.join(data, 'never'))
    await writeFile(path.join(data, 'never/made.ibd'), 'half')
    assertRefused(
      await holdfast(['backup', '--method', 'cold', '--datadir', data, '--name', 'other'], { env }),
      1,
      /is unfinished: a restore of shop was begun in it at /,
    )
    const again = await restore()
    assert.equal(again.exit, 0, again.output)
    assert.match(again.stderr, /going on with a restore of backup/)
    assert.match(again.stdout, /differed\) written/)
    await assert.rejects(stat(path.join(data, 'never')))
    await assertIsSource()
  })

  await context.test('a directory that was restored is refused as before', async () => {
    assertRefused(await restore(), 2, /is not empty.*--in-place/s)
  })

  await context.test('files are given to whom root says, and by root alone', async () => {
    const owned = path.join(folder.path, 'owned')
    const words = ['restore', 'shop', '--datadir', owned, '--raw', '--owner']
    assertRefused(await holdfast([...words, 'nobody:'], { env }), 2, /--owner is USER or USER:GROUP/)
    const run = await holdfast([...words, 'nobody:daemon'], { env })
    if (process.getuid?.() !== 0) return assertRefused(run, 2, /root alone can give files to others/)
    assert.equal(run.exit, 0, run.output)
    assertRefused(await holdfast([...words, 'no-such-user'], { env }), 2, /knows no user no-such-user/)
    const { uid, gid } = await stat(owned)
    assert.ok(uid > 0 && gid > 0)
    for (const name of await readdir(owned, { recursive: true })) {
      const stats = await stat(path.join(owned, name))
      assert.deepEqual([stats.uid, stats.gid], [uid, gid], name)
    }
  })

  const later = await startServer(kind, { dataDir: data })
  await context.test('in place: a server that runs, and what is not confirmed, is left alone', async () => {
    await using running = later
    await running.sql('CREATE TABLE shop.later (id INT); CREATE DATABASE mine; CREATE TABLE mine.t (id INT)')
    await writeFile(path.join(data, 'notes.txt'), 'somebody wrote this')
    assertRefused(
      await restore('--in-place', '--confirm', 'shop'),
      1,
      /a server runs on .+: process \d+ holds/,
    )
    await running.stop()
    assertRefused(
      await restore('--in-place'),
      2,
      /is written over with backup .+ it loses \d+ files? .+ go to .+set-aside-.+ needs --confirm shop/,
    )
    const plan = await restore('--in-place', '--dry-run')
    assert.match(plan.stdout, /is written over.+Nothing was changed/s)
    const elsewhere = path.join(folder.path, 'elsewhere')
    await mkdir(elsewhere)
    await writeFile(path.join(elsewhere, 'letter'), 'not of a server')
    const wrong = ['restore', 'shop', '--datadir', elsewhere, '--in-place', '--confirm', 'shop']
    assertRefused(await holdfast(wrong, { env }), 2, /is not the data directory of a server/)
    assert.equal(await readFile(path.join(data, 'notes.txt'), 'utf8'), 'somebody wrote this')
    assert.ok((await stat(path.join(data, 'mine'))).isDirectory())
  })

  await context.test(
    'in place: only what differs is written, and nothing that nobody else has is lost',
    async () => {
      await flipByte(path.join(data, 'shop/orders.ibd'), 3 * 16_384 + 200)
      await truncate(path.join(data, 'shop/customers.ibd'), 40_000)
      await rm(path.join(data, 'shop/audit.ibd'))
      await appendFile(path.join(data, 'ibdata1'), Buffer.alloc(16_384, 7))
      const who = await identityOf(data)
      const cut = await killed(/recovering/, '--in-place', '--confirm', 'shop')
      assert.equal(cut.signal, 'SIGKILL', cut.output)
      assertRefused(await restore(), 2, /unfinished restore of shop.+in place/)
      // As if of the server that recovers: it must not take the place of what was set aside.
      await writeFile(path.join(data, 'notes.txt'), 'made since')
      const run = await restore('--in-place', '--json')
      assert.equal(run.exit, 0, run.output)
      const { report } = JSON.parse(run.stdout.trim().split('\n').at(-1) ?? '')
      assert.ok(report.bytes.writtenBytes < report.bytes.sameBytes, JSON.stringify(report.bytes))
      assert.equal(await identityOf(data), who)
      await assert.rejects(stat(path.join(data, 'mine')))
      const [aside = ''] = (await readdir(folder.path)).filter((name) => name.startsWith('data.set-aside-'))
      const kept = await readdir(path.join(folder.path, aside))
      assert.equal(await readFile(path.join(folder.path, aside, 'notes.txt'), 'utf8'), 'somebody wrote this')
      assert.ok(
        kept.some((name) => /\.0{5}\d$/.test(name)),
        `binary logs: ${kept.join()}`,
      )
      await assertIsSource()
    },
  )
})

async function identityOf(directory: string): Promise<string> {
  return await readFile(path.join(directory, 'auto.cnf'), 'utf8').catch(() => '')
}

async function flipByte(file: string, offset: number): Promise<void> {
  await using handle = await open(file, 'r+')
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, offset)
  buffer[0] = (buffer[0] ?? 0) ^ 0x10
  await handle.write(buffer, 0, 1, offset)
}
