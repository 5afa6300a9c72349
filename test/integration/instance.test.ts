// What SQL tells of a server: facts, missing privileges, where its history stands, and telling a restored server where it stands.
import assert from 'node:assert/strict'
import { currentPoint, setGtidState } from '../../src/instance/current-point.ts'
import { inspectInstance } from '../../src/instance/instance-facts.ts'
import { missingPrivileges } from '../../src/instance/privileges.ts'
import { Connection } from '../../src/wire/connection.ts'
import { eachServer, startServer } from '../support/servers.ts'

eachServer('facts are those of the server', async (kind) => {
  await using server = await startServer(kind, {
    sql: 'CREATE DATABASE f; CREATE TABLE f.m (id INT) ENGINE = MyISAM',
  })
  await using connection = await Connection.open(server.settings())
  const facts = await inspectInstance(connection)
  assert.equal(facts.flavour, server.flavour)
  assert.equal(facts.version, connection.serverVersion)
  assert.equal(String(facts.serverId), (await server.sql('SELECT @@server_id')).trim())
  assert.deepEqual(facts.nonTransactionalTables, [{ schema: 'f', name: 'm', engine: 'MyISAM' }])
  const { isOn, format, rowImage, checksum } = facts.binlog
  assert.deepEqual(
    { isOn, format, rowImage, checksum },
    { isOn: true, format: 'ROW', rowImage: 'FULL', checksum: facts.binlog.checksum },
  )
  assert.ok(Math.abs(facts.clockLeadMs) < 2000, `clocks of one machine are ${facts.clockLeadMs} ms apart`)
  assert.equal(facts.serverUuid === undefined, server.flavour === 'mariadb')
  assert.equal(facts.gtidDomainId, server.flavour === 'mariadb' ? 0 : undefined)
})

eachServer(
  'the GRANT that is proposed is one that the server takes, and nothing is missed afterwards',
  async (kind) => {
    await using server = await startServer(kind, {
      users: [{ user: "o'dd", password: 'p', host: '127.0.0.%' }],
    })
    for (const purpose of ['backup', 'stream', 'restore'] as const) {
      await using before = await Connection.open(server.settings({ user: "o'dd", password: 'p' }))
      const { missing, grant } = missingPrivileges(await inspectInstance(before), purpose)
      assert.ok(missing.length > 0 && grant !== undefined)
      await server.sql(grant)
      await using later = await Connection.open(server.settings({ user: "o'dd", password: 'p' }))
      assert.deepEqual(missingPrivileges(await inspectInstance(later), purpose), { missing: [] })
    }
  },
)

eachServer('root lacks nothing', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  const facts = await inspectInstance(connection)
  for (const purpose of ['backup', 'stream', 'restore'] as const) {
    assert.deepEqual(missingPrivileges(facts, purpose).missing, [])
  }
})

eachServer('privileges of an active role count', async (kind) => {
  const isMysql = kind.startsWith('mysql')
  await using server = await startServer(kind, { users: [{ user: 'u', password: 'p' }] })
  await server.sql(
    `CREATE ROLE streamer; GRANT REPLICATION SLAVE, ${isMysql ? 'REPLICATION CLIENT' : 'BINLOG MONITOR, SLAVE MONITOR'} ON *.* TO streamer; GRANT streamer TO u;` +
      (isMysql ? 'SET DEFAULT ROLE streamer TO u' : 'SET DEFAULT ROLE streamer FOR u'),
  )
  await using connection = await Connection.open(server.settings({ user: 'u', password: 'p' }))
  assert.deepEqual(missingPrivileges(await inspectInstance(connection), 'stream').missing, [])
})

eachServer('position and GTIDs of the current point are those that the server shows', async (kind) => {
  await using server = await startServer(kind, { sql: 'CREATE DATABASE f' })
  await using connection = await Connection.open(server.settings())
  const point = await currentPoint(connection)
  const status = await server.sql(
    server.flavour === 'mysql' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
  )
  assert.deepEqual(status.split('\t').slice(0, 2), [point.position?.file, String(point.position?.offset)])
  const variable = server.flavour === 'mysql' ? 'gtid_executed' : 'gtid_binlog_pos'
  assert.equal(point.gtid?.text, (await server.sql(`SELECT @@GLOBAL.${variable}`)).trim())
})

eachServer(
  'a restored server can be told which transactions it holds, and goes on from there',
  async (kind) => {
    await using server = await startServer(kind, { sql: 'CREATE DATABASE f' })
    await using connection = await Connection.open(server.settings())
    const isMysql = server.flavour === 'mysql'
    const text = isMysql ? '11111111-2222-3333-4444-555555555555:1-77' : '0-99-4711,5-99-12'
    const point = { gtid: { flavour: server.flavour, text }, timeMicros: 0 }
    await setGtidState(connection, point, { resetBinaryLogs: true })
    const state = isMysql ? 'SELECT @@GLOBAL.gtid_executed' : 'SELECT @@GLOBAL.gtid_current_pos'
    assert.equal((await server.sql(state)).trim(), text)
    await server.sql('CREATE TABLE f.t (id INT)')
    assert.match(
      await server.sql(state),
      isMysql ? /1-77(?:,[^,]+:1)?\s*$|:1,\s*1{8}.*:1-77/ : /^0-\d+-4712,5-99-12/,
    )
  },
)
