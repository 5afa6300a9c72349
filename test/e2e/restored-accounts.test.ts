// Accounts that a target cannot have do not keep it from having the rest, and all of them can be left out.
import assert from 'node:assert/strict'
import path from 'node:path'
import { assertRefused, holdfast, succeed } from '../support/holdfast.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const ways = {
  mysql: {
    install: "INSTALL PLUGIN mysql_no_login SONAME 'mysql_no_login.so'",
    plugin: 'mysql_no_login',
    login: 'WITH mysql_no_login',
  },
  mariadb: {
    install: "INSTALL SONAME 'auth_ed25519'",
    plugin: 'ed25519',
    login: "VIA mysql_native_password USING PASSWORD('p') OR ed25519 USING PASSWORD('p')",
  },
} as const

async function accountsOf(server: TestServer): Promise<string> {
  const users = await server.sql(
    "SELECT User FROM mysql.user WHERE User IN ('alice', 'bob', 'clerk') ORDER BY 1",
  )
  return users.trim().replaceAll('\n', ' ')
}

eachServer(
  'an account that logs in by what the target lacks is told, and all else comes back',
  async (kind) => {
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind)
    await using target = await startServer(kind, { users: [{ user: 'restorer', password: 'pw' }] })
    const { install, plugin, login } = ways[source.flavour]
    await source.sql(`${install}; CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1);
    CREATE USER alice@'%' IDENTIFIED BY 'p', bob@'%' IDENTIFIED ${login}, clerk@'%' IDENTIFIED BY 'p';
    GRANT SELECT ON shop.* TO alice@'%', bob@'%', clerk@'%'; GRANT SHUTDOWN ON *.* TO alice@'%'; CREATE DEFINER = bob@'%' VIEW shop.v AS SELECT * FROM shop.t`)
    const words = ['--repository', path.join(folder.path, 'repository')]
    await succeed(['init', ...words, '--no-encryption'])
    // That the plugin is left out is told, and nothing to be warned of.
    const backup = await succeed(['backup', source.url(), ...words, '--name', 'shop'])
    assert.match(
      backup.stderr,
      new RegExp(`what the server is set up with is not part of the backup: .*plugin ${plugin}`),
    )
    assert.match(
      (await succeed(['show', 'shop', ...words])).stdout,
      new RegExp(`not held: +plugin ${plugin}`),
    )
    const restore = ['restore', 'shop', ...words, '--to', 'backup', '--target']

    const refused = await holdfast([...restore, target.url({ user: 'restorer', password: 'pw' })])
    assertRefused(refused, 21, /restorer@% lacks privileges for a restore: .*SHUTDOWN/)
    assert.match(
      refused.stderr,
      /hint: .*GRANT .* Or leave the accounts of the backup out: --to backup --no-accounts\./,
    )

    const alone = await succeed([...restore, target.url(), '--no-accounts', '--verify'])
    assert.match(alone.stderr, /\d accounts of the backup and their grants are left out \(--no-accounts\)/)
    assert.equal(await target.sql('SELECT id FROM shop.t'), '1\n')
    assert.equal(await accountsOf(target), '')
    await target.sql('DROP DATABASE shop')

    const files = path.join(folder.path, 'files')
    await holdfast(['restore', 'shop', ...words, '--to-files', files, '--no-accounts'])
    const grep = await holdfast(['--version'], {
      through: ['sh', '-c', `! grep -rl alice ${files} && exec "$@"`, 'sh'],
    })
    assert.equal(grep.exit, 0, grep.output)

    const notRestored = new RegExp(
      `account bob@% is not restored, nor are its grants: it logs in by ${plugin}, which is not loaded on the target`,
    )
    const planned = await succeed([...restore, target.url(), '--dry-run'])
    assert.match(planned.stdout, notRestored)
    const run = await holdfast([...restore, target.url(), '--verify'])
    assert.equal(run.exit, 3, run.output)
    assert.match(run.stderr, notRestored)
    assert.equal(await accountsOf(target), 'alice clerk')
    assert.match(await target.sql("SHOW GRANTS FOR clerk@'%'"), /SELECT ON `shop`/)
    assert.equal(await target.sql('SELECT id FROM shop.t'), '1\n')
  },
)
