// What a cold backup and a restore of files say when something is wrong, and what they leave behind: nothing.
import assert from 'node:assert/strict'
import { cp, mkdir, open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { startSandbox } from '../../src/process/server-sandbox.ts'
import { Connection } from '../../src/wire/connection.ts'
import { textOf } from '../../src/wire/row-values.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, testedKinds } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('what is no data directory, or cannot be restored, is refused in one sentence', async (context) => {
  await using folder = await temporaryDirectory()
  const kind = testedKinds[0]!
  await using server = await startServer(kind, {
    sql: 'CREATE DATABASE shop; CREATE TABLE shop.t SELECT 1 AS id',
  })
  const repository = path.join(folder.path, 'repository')
  const env = { HOLDFAST_REPOSITORY: repository }
  const place = (name: string): string => path.join(folder.path, name)
  const cold = ['backup', '--method', 'cold', '--name', 'shop', '--datadir']
  await succeed(['init', '--no-encryption'], { env })
  await mkdir(place('empty'))
  await server.stop()

  await context.test('a directory that is not there, and one that is no server’s', async () => {
    assertRefused(await holdfast([...cold, place('nowhere')], { env }), 2, /nowhere cannot be read: ENOENT/)
    assertRefused(
      await holdfast([...cold, place('empty')], { env }),
      1,
      /is not the data directory of a server/,
    )
    assertRefused(
      await holdfast(['backup', '--method', 'cold', '--name', 'shop'], { env }),
      2,
      /--datadir is missing/,
    )
    const rows = await holdfast([...cold, server.dataDir, '--tables', 'a.b'], { env })
    assertRefused(rows, 2, /goes without --tables/)
  })

  await context.test('two indexes of binary logs, of which one is from another time', async () => {
    const index = (await readdir(server.dataDir)).find((name) => name.endsWith('.index')) ?? ''
    const two = place('two')
    await cp(server.dataDir, two, { recursive: true })
    await cp(path.join(two, index), path.join(two, 'old-bin.index'))
    const run = await holdfast([...cold, two], { env })
    assertRefused(run, 1, /not known which of .*old-bin\.index.* is the index of the binary log/)
  })

  await context.test('a binary log that a copy cut short', async () => {
    const cut = place('cut')
    await cp(server.dataDir, cut, { recursive: true })
    const last =
      (await readdir(cut))
        .filter((name) => /^binlog\.\d+$/.test(name))
        .toSorted()
        .at(-1) ?? ''
    const { size } = await stat(path.join(cut, last))
    await truncate(path.join(cut, last), size - 5)
    assertRefused(
      await holdfast([...cold, cut], { env }),
      1,
      /the binary log \S+cut\/binlog\.\d+ is damaged or breaks off/,
    )
  })

  await context.test(
    'the server is started again after a backup that failed, and after one that did not',
    async () => {
      const started = place('started')
      const commands = ['--stop-command', 'true', '--start-command', `echo started >> ${started}; sleep 60 &`]
      assertRefused(
        await holdfast([...cold, place('empty'), ...commands], { env }),
        1,
        /is not the data directory/,
      )
      await succeed([...cold, server.dataDir, ...commands], { env, timeoutMs: 30_000 })
      assert.equal(await readFile(started, 'utf8'), 'started\nstarted\n')
    },
  )

  await context.test(
    'a command that fails is named; the server is started though it was not stopped',
    async () => {
      const started = place('started-anyway')
      const stop = ['--stop-command', 'echo no such unit >&2; exit 5']
      const start = ['--start-command', `echo started >> ${started}`]
      const failing = await holdfast([...cold, server.dataDir, ...stop, ...start], { env })
      assertRefused(failing, 1, /--stop-command: \S+ ended with status 5: no such unit/)
      assert.equal(await readFile(started, 'utf8'), 'started\n')
      const broken = ['--start-command', 'echo stays down >&2; exit 7']
      const both = await holdfast([...cold, place('empty'), ...broken], { env })
      assertRefused(both, 1, /is not the data directory of a server/)
      assert.match(both.stderr, /--start-command: \S+ ended with status 7: stays down/)
      const startAlone = await holdfast([...cold, server.dataDir, ...broken], { env })
      assertRefused(startAlone, 1, /--start-command: \S+ ended with status 7: stays down/)
    },
  )

  await context.test('a table whose file lies elsewhere is named', async () => {
    const copy = place('scattered')
    await cp(server.dataDir, copy, { recursive: true, filter: async (from) => !from.endsWith('.sock') })
    await writeFile(path.join(copy, 'shop/far.isl'), '/mnt/big/shop/far.ibd')
    assertRefused(
      await holdfast([...cold, copy], { env }),
      1,
      /shop\/far lies outside of the data directory \(DATA DIRECTORY\)/,
    )
  })

  await context.test('a system tablespace in another folder is named', async () => {
    const options = place('far.cnf')
    await writeFile(options, '[mysqld]\ninnodb-data-file-path=ibdata1:12M;/mnt/ibdata2:12M:autoextend\n')
    assertRefused(
      await holdfast([...cold, server.dataDir, '--server-options', options], { env }),
      1,
      /innodb-data-file-path = ibdata1:12M;\S+: a cold backup takes one directory/,
    )
  })

  await context.test(
    'a folder of pages elsewhere is named, and one of RocksDB within it is none',
    async () => {
      const options = place('folders.cnf')
      const inside = path.join(server.dataDir, '#rocksdb')
      await writeFile(
        options,
        `[mysqld]\nloose-rocksdb-datadir=${inside}\ninnodb-doublewrite-dir=/mnt/fast\n`,
      )
      assertRefused(
        await holdfast([...cold, server.dataDir, '--server-options', options], { env }),
        1,
        /innodb-doublewrite-dir = \/mnt\/fast: a cold backup takes one directory/,
      )
    },
  )

  await context.test('a server program that is missing, or is none, or of another series', async () => {
    const restore = ['restore', 'shop', '--datadir', place('restored'), '--server-program']
    assertRefused(
      await holdfast([...restore, '/nowhere/mysqld'], { env }),
      23,
      /is no program that can be run/,
    )
    assertRefused(await holdfast([...restore, '/bin/true'], { env }), 23, /does not say which server it is/)
    const other = place('other-series')
    const says =
      server.flavour === 'mysql' ? 'mysqld  Ver 8.4.2 for Linux' : 'mariadbd  Ver 10.6.1-MariaDB for Linux'
    await writeFile(other, `#!/bin/sh\necho '${says}'\n`, { mode: 0o755 })
    assertRefused(
      await holdfast([...restore, other], { env }),
      23,
      /the backup is of .+ and \S+ is (8\.4\.2|10\.6\.1)/,
    )
    assert.ok(!(await readdir(folder.path)).includes('restored'))
  })

  await context.test('a recovery that the host breaks off says nothing against the backup', async () => {
    const killed = place('killed-server')
    await writeFile(
      killed,
      `#!/bin/sh\ncase "$*" in *--version*) echo "server  Ver ${server.version} for Linux"; exit;; esac\nkill -KILL $$\n`,
      { mode: 0o755 },
    )
    const run = await holdfast(['verify', 'shop', '--recover', '--server-program', killed], { env })
    assertRefused(run, 1, /could not start .*: it was killed by signal 9/)
    const shown = await succeed(['show', 'shop'], { env })
    assert.match(shown.stdout, /^recovered: +not to an end, at .+, by .+: .+ killed by signal 9/m)
    const listed = await succeed(['list', 'shop'], { env })
    assert.match(listed.stdout, /RECOVERED\n.+ all\n.+ NOT RECOVERED$/m)
  })

  await context.test('a server that dies on the files is quoted', async () => {
    const dying = place('dying')
    await writeFile(
      dying,
      `#!/bin/sh\ncase "$*" in *--version*) echo "server  Ver ${server.version} for Linux"; exit;; esac\n` +
        `for each in "$@"; do case $each in --log-error=*) echo '2026 [ERROR] the disk is on fire' > "\${each#*=}";; esac; done\nexit 3\n`,
      { mode: 0o755 },
    )
    const run = await holdfast(['restore', 'shop', '--datadir', place('burnt'), '--server-program', dying], {
      env,
    })
    assertRefused(run, 1, /could not start on the restored files \(status 3\): .*the disk is on fire/)
    const verified = await holdfast(['verify', 'shop', '--recover', '--server-program', dying], { env })
    assertRefused(verified, 30, /does not come back: .*the disk is on fire/)
    const shown = await succeed(['show', 'shop'], { env })
    assert.match(
      shown.stdout,
      /^recovered: +NOT, at .+, by .+: the server could not start.+the disk is on fire/m,
    )
    const listed = await succeed(['list', 'shop'], { env })
    assert.match(listed.stdout, /RECOVERED\n.+ all\n.+ DAMAGED$/m)
  })

  await context.test('damage to what is stored is kept as what became of the backup', async () => {
    const lost = { HOLDFAST_REPOSITORY: place('lost') }
    await succeed(['init', '--no-encryption'], { env: lost })
    await succeed([...cold, server.dataDir], { env: lost })
    const packs = place('lost/sources/shop/packs')
    for (const name of await readdir(packs, { recursive: true })) {
      const pack = path.join(packs, name)
      if (!(await stat(pack)).isFile()) continue
      await using handle = await open(pack, 'r+')
      // What tells which chunks there are comes last.
      const { size } = await handle.stat()
      await handle.write(Buffer.alloc(64, 7), 0, 64, Math.floor(size / 4))
    }
    const words = ['verify', 'shop', '--recover', '--server-program', server.programs.server]
    const run = await holdfast(words, { env: lost })
    assertRefused(run, 30, /packs\/.+damaged/)
    const shown = await succeed(['show', 'shop'], { env: lost })
    assert.match(shown.stdout, /^recovered: +NOT, at .+, by .+: .*damaged/m)
  })

  await context.test(
    'a backup of files is not restored into a running server, nor rows into a directory',
    async () => {
      const run = await holdfast(['restore', 'shop', '--target', 'mysql://root@127.0.0.1:1/'], { env })
      assertRefused(run, 2, /is physical, and --target takes a logical one/)
      const both = await holdfast(['restore', 'shop', '--datadir', place('x'), '--target', 'mysql://h/'], {
        env,
      })
      assertRefused(both, 2, /goes without --target/)
    },
  )

  await context.test('a restore that is killed leaves no server behind', { timeout: 60_000 }, async () => {
    const directory = place('killed')
    const slow = place('slow')
    await writeFile(
      slow,
      `#!/bin/sh\ncase "$*" in *--version*) echo "server  Ver ${server.version} for Linux"; exit;; esac\n` +
        `exec '${process.execPath}' -e 'setInterval(() => {}, 1000)' -- "$@"\n`,
      { mode: 0o755 },
    )
    const words = ['restore', 'shop', '--datadir', directory]
    const run = await holdfast([...words, '--server-program', slow], {
      env,
      onOutput: (text, child) => {
        if (text.includes('recovering')) void untilRunning(directory).then(() => child.kill('SIGKILL'))
      },
    })
    assert.equal(run.signal, 'SIGKILL', run.output)
    while ((await processesOf(directory)) !== '') await sleep(50)
    // Of no use as it is, and another run says so and goes on.
    const again = await holdfast([...words, '--server-program', server.programs.server], { env })
    assert.match(again.stdout, /^Restored shop/, again.output)
    assert.match(again.stderr, /going on with a restore of backup/)
  })

  await context.test('a server of our own that goes away at work says why, not that it is lost', async () => {
    const program = { path: server.programs.server, flavour: server.flavour, version: server.version }
    const sandbox = await startSandbox({ program, dataDirectory: place('killed') })
    const work = async (): Promise<void> => {
      await using connection = await Connection.open(sandbox.settings)
      const [row = {}] = await connection.query('SELECT @@pid_file AS file')
      process.kill(Number(await readFile(textOf(row, 'file'), 'utf8')), 'SIGKILL')
      for (;;) await connection.query('SELECT 1')
    }
    await assert.rejects(sandbox.during(work), (error) => {
      assert.ok(isHoldfastError(error, 'HOST_TROUBLE'), String(error))
      assert.match(error.message, /the server went away \(status 137\): it was killed by signal 9/)
      return true
    })
    await sandbox[Symbol.asyncDispose]()
  })

  await context.test('a copy that was taken of a running server is refused', async () => {
    await server.restart()
    await server.sql('INSERT INTO shop.t VALUES (2)')
    await cp(server.dataDir, place('naive'), {
      recursive: true,
      filter: async (from) => !from.endsWith('.sock'),
    })
    assertRefused(await holdfast([...cold, place('naive')], { env }), 1, /was not shut down cleanly/)
  })

  await context.test(
    'a backup of rows that lacks what is wanted is passed over for one of files',
    async () => {
      const dump = ['backup', server.url(), '--method', 'dump', '--name', 'shop']
      const choose = (table: string, point: string) =>
        holdfast(['restore', 'shop', '--tables', table, '--to', point, '--dry-run'], { env })
      const takesFiles = async (table: string, point: string, why: RegExp): Promise<void> => {
        const { stdout, stderr, output } = await choose(table, point)
        assert.match(stdout, /Write the files of physical backup/, output)
        assert.match(stderr, why, output)
      }
      await server.sql('CREATE TABLE shop.u SELECT 1 AS id')
      await succeed([...dump, '--tables', 'shop.u'], { env })
      await takesFiles('shop.t', 'latest', /passed over, and files are taken: .+ only a part of the instance/)
      await takesFiles('shop.t', 'backup', /passed over, and files are taken: .+shop\.t/)
      assert.match((await choose('shop.u', 'backup')).stdout, /Load logical backup/)
      await succeed([...dump, '--where', 'shop.u:id > 1'], { env })
      await takesFiles('shop.u', 'backup', /passed over, .+ has some rows, or masked ones, of shop\.u/)
      await succeed([...dump, '--structure-only'], { env })
      await takesFiles('shop.t', 'backup', /passed over, and files are taken: backup \S+ has no rows/)
      const backups = path.join(repository, 'sources/shop/backups')
      for (const name of await readdir(backups)) {
        if (name.includes('-logical-')) await truncate(path.join(backups, name), 100)
      }
      await takesFiles('shop.t', 'latest', /warning: backup \S+-logical-\S+ cannot be used: /)
    },
  )
})

async function untilRunning(directory: string): Promise<void> {
  while ((await processesOf(directory)) === '') await sleep(50)
}

/** Command lines that name the directory. */
async function processesOf(directory: string): Promise<string> {
  const found = await runProgram('/bin/sh', [
    '-c',
    'for each in /proc/[0-9]*; do tr "\\0" " " < $each/cmdline 2>/dev/null | grep -F -- "--datadir=$0 " ; done; true',
    directory,
  ])
  return found.trim()
}
