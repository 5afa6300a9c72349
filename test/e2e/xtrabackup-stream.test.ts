// A stream in the format of xtrabackup, whose programs no distribution of the test machines has: the files of a stopped MySQL server with the
// notes that it adds, and a program in its place that finds nothing left to prepare.
import assert from 'node:assert/strict'
import { open, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { differencesBetween } from '../support/compare-servers.ts'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { createShop, takeOrders } from '../support/shop.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { wholeFile } from '../support/xbstream.ts'

for (const kind of testedKinds.filter((name) => name.startsWith('mysql'))) {
  test(`what xtrabackup streamed comes back after its --prepare, and is refused without it (${kind})`, async () => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await createShop(source)
    await source.sql('CREATE DATABASE xtrabackup_notes; CREATE TABLE xtrabackup_notes.t SELECT 1 AS id')
    const [file = '', offset, , , gtids] = (await source.sql('SHOW BINARY LOG STATUS')).trim().split('\t')
    const uuid = (await source.sql('SELECT @@server_uuid')).trim()
    await source.stop()
    const place = (name: string): string => path.join(folder.path, name)
    await writeStream(place('stream'), source.dataDir, {
      xtrabackup_logfile: Buffer.alloc(1024 * 1024 + 1, 1),
      xtrabackup_tablespaces: '{"version":3}',
      // It copies the last binary log, and what it says of its place.
      [file]: (await readFile(path.join(source.dataDir, file))).subarray(0, Number(offset)),
      'binlog.index': `/nowhere/binlog.000001\n${source.dataDir}/${file}\n`,
      xtrabackup_binlog_info: `${file}\t${offset}\t${gtids}\n`,
      xtrabackup_checkpoints: 'backup_type = full-backuped\nfrom_lsn = 0\n',
      xtrabackup_info: `tool_name = xtrabackup\ntool_version = ${source.version}-1\nserver_version = ${source.version}\npartial = N\n`,
      'backup-my.cnf': `[mysqld]\ninnodb_page_size=16384\nserver_uuid=${uuid}\n`,
    })
    await source.restart()
    const env = {
      HOLDFAST_REPOSITORY: place('repository'),
      HOLDFAST_SPOOL: place('spool'),
      HOLDFAST_MYSQLD: source.programs.server,
    }
    await succeed(['init', '--no-encryption'], { env })
    const take = ['backup', '--method', 'mariadb-backup', '--name', 'shop', '--from', place('stream')]
    await succeed(take, { env })
    await takeOrders(source, 5)
    await succeed(['stream', source.url(), '--name', 'shop', '--until-caught-up'], { env })
    const restore = ['restore', 'shop', '--datadir', place('restored')]
    const toolless = await holdfast(restore, { env })
    assertRefused(toolless, 23, /no xtrabackup is on this machine's PATH/)
    assert.match(
      toolless.stderr,
      /hint: .*HOLDFAST_XTRABACKUP.* or restore the files as they are with --raw/s,
    )
    const raw = ['restore', 'shop', '--datadir', place('raw'), '--raw', '--to', 'backup']
    assert.match((await holdfast(raw, { env })).stdout, /^Next: xtrabackup --prepare --target-dir=\S+raw/m)
    assert.ok((await readdir(place('raw'))).includes('xtrabackup_logfile'))
    await succeed(restore, { env: { ...env, HOLDFAST_XTRABACKUP: await standIn(place, source) } })
    const said = await readFile(place('said'), 'utf8')
    assert.match(said, /^--defaults-file=\S+\/backup-my\.cnf --prepare --target-dir=\S+restored$/m)
    const logs = (await readFile(path.join(place('restored'), 'binlog.index'), 'utf8')).trim().split('\n')
    assert.ok(logs.length > 0 && logs.every((line) => /^\.\/binlog\.\d+$/.test(line)), logs.join())
    await using copy = await startServer(kind, { dataDir: place('restored') })
    assert.deepEqual(await differencesBetween(source, copy), [])
    const names = await readdir(place('restored'))
    assert.deepEqual(
      names.filter((name) => /^xtrabackup|^backup-my/.test(name)),
      ['xtrabackup_notes'],
      'its notes are no files of a server',
    )
  })
}

async function writeStream(
  to: string,
  directory: string,
  notes: Readonly<Record<string, string | Buffer>>,
): Promise<void> {
  await using handle = await open(to, 'w')
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const name = path.relative(directory, path.join(entry.parentPath, entry.name))
    if (!entry.isFile() || /^(binlog|auto\.cnf|.*\.pem|#innodb_redo)|tmp|dblwr/.test(name)) continue
    await handle.write(wholeFile(name, await readFile(path.join(directory, name))))
  }
  for (const [name, text] of Object.entries(notes)) await handle.write(wholeFile(name, text))
}

async function standIn(place: (name: string) => string, { version }: TestServer): Promise<string> {
  const program = place('xtrabackup')
  const lines = [
    '#!/bin/sh',
    `[ "$1" = --version ] && { echo "xtrabackup version ${version}-1 based on MySQL server ${version} Linux" >&2; exit; }`,
    `echo "$@" >> ${place('said')}`,
    'echo "2026-11-23T06:00:00 0 [Note] [MY-011825] [Xtrabackup] completed OK!" >&2',
  ]
  await writeFile(program, `${lines.join('\n')}\n`, { mode: 0o755 })
  return program
}
