import assert from 'node:assert/strict'
import { access, readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { temporaryBase } from '../../scripts/servers/warden.ts'
import { eachServer, startServer } from '../support/servers.ts'
import { smallDisk } from '../support/small-disk.ts'

eachServer('a fresh server is the version asked for and logs rows in full', async (kind) => {
  await using server = await startServer(kind)
  assert.ok(server.version.startsWith(kind.split('-')[1] ?? '?'), server.version)
  assert.equal(
    await server.sql('SELECT @@log_bin, @@binlog_format, @@binlog_row_image, @@local_infile'),
    '1\tROW\tFULL\t1\n',
  )
  if (server.flavour === 'mysql') assert.equal(await server.sql('SELECT @@gtid_mode'), 'ON\n')
})

eachServer('root logs in without a password over TCP and over the socket', async (kind) => {
  await using server = await startServer(kind)
  const [client, ...args] = server.programs.client
  assert.match(await runProgram(client, [...args, '-N', '-e', 'SELECT CURRENT_USER()']), /root@127\.0\.0\.1/)
  assert.equal(await server.sql('SELECT CURRENT_USER()'), 'root@localhost\n')
})

eachServer('named time zones are there', async (kind) => {
  await using server = await startServer(kind)
  assert.equal(
    await server.sql("SELECT CONVERT_TZ('2026-07-01 12:00:00', 'UTC', 'Europe/Berlin')"),
    '2026-07-01 14:00:00\n',
  )
})

eachServer('two fresh servers share neither identity nor data', async (kind) => {
  await using one = await startServer(kind)
  await using two = await startServer(kind)
  await one.sql('CREATE DATABASE only_one')
  assert.doesNotMatch(await two.sql('SHOW DATABASES'), /only_one/)
  const identity = kind.startsWith('mysql') ? 'SELECT @@server_uuid' : 'SELECT @@server_id'
  assert.notEqual(await one.sql(identity), await two.sql(identity))
  assert.notEqual(one.port, two.port)
})

eachServer('a killed server comes back on its port with every commit', async (kind) => {
  await using server = await startServer(kind)
  const { port, pid } = server
  await server.sql('CREATE DATABASE shop; CREATE TABLE shop.t (a INT); INSERT INTO shop.t VALUES (1), (2)')
  await server.kill9()
  assert.equal(server.pid, undefined)
  await server.restart()
  assert.equal(server.port, port)
  assert.notEqual(server.pid, pid)
  assert.equal(await server.sql('SELECT COUNT(*) FROM shop.t'), '2\n')
})

eachServer('restart takes new options', async (kind) => {
  await using server = await startServer(kind, { args: ['--max-connections=33'] })
  assert.equal(await server.sql('SELECT @@max_connections'), '33\n')
  await server.restart({ args: ['--max-connections=44'] })
  assert.equal(await server.sql('SELECT @@max_connections'), '44\n')
})

eachServer('a server without a binary log can be had', async (kind) => {
  await using server = await startServer(kind, { log_bin: false })
  assert.equal(await server.sql('SELECT @@log_bin'), '0\n')
})

eachServer('a frozen server answers nothing until it is thawed', async (kind) => {
  await using server = await startServer(kind)
  server.freeze()
  const { promise: late, resolve } = Promise.withResolvers<string>()
  const answer = server.sql('SELECT 1')
  const timer = setTimeout(() => resolve('nothing yet'), 300)
  assert.equal(await Promise.race([answer, late]), 'nothing yet')
  clearTimeout(timer)
  server.thaw()
  assert.equal(await answer, '1\n')
})

eachServer('a server with certificates proves its name and takes client certificates', async (kind) => {
  await using server = await startServer(kind, { tls: true })
  const { certificates } = server
  assert.ok(certificates)
  const [client, ...args] = server.programs.client
  const verify = server.flavour === 'mysql' ? '--ssl-mode=VERIFY_IDENTITY' : '--ssl-verify-server-cert'
  const login = (caFile: string) =>
    runProgram(client, [
      ...args,
      verify,
      `--ssl-ca=${caFile}`,
      `--ssl-cert=${certificates.clientCertFile}`,
      `--ssl-key=${certificates.clientKeyFile}`,
      '-N',
      '-e',
      "SHOW SESSION STATUS LIKE 'Ssl_cipher'",
    ])
  assert.match(await login(certificates.caFile), /Ssl_cipher\t\S+/)
  await assert.rejects(login(certificates.otherCaFile), /certificate/i)
})

eachServer('users come with their password, plugin and grants', async (kind) => {
  await using server = await startServer(kind, {
    users: [
      {
        user: "o'brien",
        password: "p'w\\d",
        plugin: kind.startsWith('mysql') ? 'caching_sha2_password' : 'mysql_native_password',
        grants: ['SELECT ON *.*', 'RELOAD ON *.* WITH GRANT OPTION'],
      },
    ],
  })
  assert.match(await server.sql("SHOW GRANTS FOR 'o''brien'@'%'"), /SELECT.*WITH GRANT OPTION/s)
  assert.equal(server.url({ user: "o'brien", password: 'p w' }).slice(0, 22), "mysql://o'brien:p%20w@")
})

eachServer('a server that cannot start says why and leaves nothing', async (kind) => {
  const before = await ownFolders()
  await assert.rejects(startServer(kind, { args: ['--no-such-option'] }), /no-such-option/)
  assert.deepEqual(await ownFolders(), before)
})

eachServer('a disposed server leaves no process and no file', async (kind) => {
  const server = await startServer(kind)
  const { pid, folder } = server
  assert.ok(pid)
  await server[Symbol.asyncDispose]()
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  await assert.rejects(access(folder), { code: 'ENOENT' })
})

test('a small disk runs full', async () => {
  await using disk = await smallDisk(1)
  const args = ['if=/dev/zero', `of=${disk.path}/f`, 'bs=1M', 'count=2']
  await assert.rejects(runProgram('dd', args), /No space left/)
})

/** Folders of servers that this very process made: other tests run beside this one and make their own. */
async function ownFolders(): Promise<string[]> {
  const names = await readdir(temporaryBase())
  return names.filter((name) => name.startsWith(`hf-${process.pid}-`))
}
