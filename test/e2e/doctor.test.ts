// What doctor says of real servers, and how it ends: each thing that stands in the way with what mends it.
import assert from 'node:assert/strict'
import { holdfast } from '../support/holdfast.ts'
import { eachServer, startServer } from '../support/servers.ts'

eachServer('nothing stands in the way on a server that is set up well', async (kind) => {
  await using server = await startServer(kind, { durable: true })
  const run = await holdfast(['doctor', server.url()])
  assert.equal(run.exit, 0, run.output)
  assert.match(run.stdout, /^Nothing stands in the way\. Next: holdfast backup/m)
  assert.doesNotMatch(run.stdout, /^ {2}(?:warn|fail) /m)
})

eachServer('a server without a binary log fails, and its settings are not asked for', async (kind) => {
  await using server = await startServer(kind, { log_bin: false, durable: true })
  const run = await holdfast(['doctor', server.url()])
  assert.equal(run.exit, 1, run.output)
  assertChecks(run.stdout, {
    'binary log': /^fail +off: each backup can only bring back its own moment\n +Put log_bin/,
  })
  assert.match(run.stdout, /^1 check failed: recovery will not work/m)
  assert.doesNotMatch(run.stdout, /binary log f|privileges for stream/)
})

eachServer('a log of statements fails', async (kind) => {
  await using server = await startServer(kind, { args: ['--binlog-format=STATEMENT'], durable: true })
  const run = await holdfast(['doctor', server.url()])
  assert.equal(run.exit, 1, run.output)
  assertChecks(run.stdout, {
    'binary log format': /^fail +STATEMENT: .*\n +SET GLOBAL binlog_format = 'ROW'/,
  })
})

eachServer('what makes recovery worse is warned of, each with its remedy', async (kind) => {
  const isMysql = kind.startsWith('mysql')
  await using server = await startServer(kind, {
    args: [
      '--binlog-format=MIXED',
      '--binlog-row-image=MINIMAL',
      '--binlog-checksum=NONE',
      '--binlog-expire-logs-seconds=3600',
      '--sync-binlog=0',
      ...(isMysql ? ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] : []),
    ],
  })
  await server.sql('CREATE DATABASE d; CREATE TABLE d.plain (id INT PRIMARY KEY) ENGINE=MyISAM')
  const run = await holdfast(['doctor', server.url()])
  assert.equal(run.exit, 3, run.output)
  const warned = {
    'binary log format': /^warn +MIXED: .*\n +SET GLOBAL binlog_format = 'ROW'/,
    'row image': /^warn +MINIMAL: .*\n +SET GLOBAL binlog_row_image = 'FULL'/,
    'event checksums': /^warn +NONE: .*\n +SET GLOBAL binlog_checksum = 'CRC32'/,
    retention:
      /^warn +binary logs are kept for only 1 h: .*\n +SET GLOBAL binlog_expire_logs_seconds = 604800/,
    durability: /^warn +sync_binlog = 0/,
    tables: /^warn +1 without transactions: d\.plain \(MyISAM\)\n/,
    ...(isMysql ? { GTID: /^warn +gtid_mode = OFF: .*\n +Set gtid_mode/ } : {}),
  }
  assertChecks(run.stdout, warned)
  const count = Object.keys(warned).length
  assert.match(run.stdout, new RegExp(`^Nothing stands in the way; ${count} warnings above\\.$`, 'm'))
})

eachServer(
  'what keeps commits from waiting for the archive is told with the statement that mends it',
  async (kind) => {
    await using server = await startServer(kind, { durable: true })
    const isMysql = kind.startsWith('mysql')
    const off = await holdfast(['doctor', server.url(), '--semi-sync'])
    assert.equal(off.exit, 1, off.output)
    const prefix = `rpl_semi_sync_${isMysql ? 'source' : 'master'}`
    const install = isMysql ? "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; " : ''
    assertChecks(off.stdout, {
      'semi-sync': new RegExp(`^fail +off: .*\\n +${install}SET GLOBAL ${prefix}_enabled = ON`),
    })
    // As the hints say, and then all but the time-out is right.
    await server.sql(
      `${install}SET GLOBAL ${prefix}_enabled = ON; SET GLOBAL ${prefix}_wait_point = 'AFTER_SYNC'`,
    )
    const on = await holdfast(['doctor', server.url(), '--semi-sync'])
    assert.equal(on.exit, 3, on.output)
    assertChecks(on.stdout, {
      'semi-sync time-out': new RegExp(`^warn +10 s: .*\\n +SET GLOBAL ${prefix}_timeout = 4294967295`),
    })
    assert.match(on.stdout, /^Nothing stands in the way; 1 warning above\.$/m)
    await server.sql(`SET GLOBAL ${prefix}_timeout = 4294967295`)
    const mended = await holdfast(['doctor', server.url(), '--semi-sync'])
    assert.equal(mended.exit, 0, mended.output)
  },
)

/** Each named check of the text: its status, message and hint. */
function assertChecks(text: string, expected: Readonly<Record<string, RegExp>>): void {
  const lines = text.split('\n')
  for (const [name, pattern] of Object.entries(expected)) {
    const at = lines.findIndex((line) => line.slice(8).startsWith(`${name}  `))
    assert.ok(at !== -1, `no check '${name}' in: ${text}`)
    const [line = '', hint = ''] = lines.slice(at, at + 2)
    assert.match(`${line.slice(2, 6)}${line.slice(8 + name.length)}\n${hint}`, pattern, text)
  }
}
