import assert from 'node:assert/strict'
import path from 'node:path'
import { chooseMethod, type MethodChoice } from '../../src/operations/choose-method.ts'
import { eachServer, type LoginOverride, startServer, type TestServer } from '../support/servers.ts'

const { signal } = new AbortController()

function choose(
  server: TestServer,
  env: NodeJS.ProcessEnv,
  login: LoginOverride = {},
): Promise<MethodChoice> {
  return chooseMethod({ settings: server.settings(login), env, smallBytes: 0 }, signal)
}

eachServer(
  'the way a server is backed up is chosen by what can be had, and the others are told of',
  async (kind) => {
    await using server = await startServer(kind, {
      users: [{ user: 'reader', password: 'Read-it-1' }],
      sql: 'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB',
    })
    const small = await chooseMethod({ settings: server.settings(), env: {} }, signal)
    assert.equal(small.method, 'dump')
    assert.match(small.because, /^\d+ MiB of tables are back as rows within minutes/)

    const without = await choose(server, {})
    assert.equal(without.method, 'hot')
    const [first] = without.passedOver
    if (server.flavour === 'mysql') {
      assert.deepEqual(first, { method: 'clone', because: 'the clone plugin is not installed on the server' })
      await server.sql("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
      assert.equal((await choose(server, {})).method, 'clone')
      await server.sql('CREATE TABLE shop.old (id INT) ENGINE=MyISAM')
      const withMyisam = await choose(server, {})
      assert.equal(withMyisam.method, 'hot')
      assert.match(
        withMyisam.passedOver[0]?.because ?? '',
        /^the rows of shop\.old \(MyISAM\) would be missing$/,
      )
    } else {
      assert.equal(first?.method, 'mariadb-backup')
      assert.match(first?.because ?? '', /no mariadb-backup is on this machine's PATH/)
      const env = {
        HOLDFAST_MARIADB_BACKUP: path.join(path.dirname(server.programs.dump[0]), 'mariadb-backup'),
      }
      assert.equal((await choose(server, env)).method, 'mariadb-backup')
    }
    const login = { user: 'reader', password: 'Read-it-1' }
    const { method, passedOver } = await choose(server, {}, login)
    assert.equal(method, 'dump')
    assert.match(passedOver.at(-1)?.because ?? '', /^the account lacks /)
  },
)
