// Every login plugin over every kind of channel, against real servers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TlsSettings } from '../../src/core/connection-settings.ts'
import type { ErrorCode } from '../../src/core/error-codes.table.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import { Connection } from '../../src/wire/connection.ts'
import { textOf } from '../../src/wire/row-values.ts'
import {
  eachServer,
  type LoginOverride,
  startServer,
  type TestServer,
  testedKinds,
} from '../support/servers.ts'

const awkwardPassword = `pä ss'"\\#%@:/ 😀 ${'x'.repeat(60)}`
const noTls: TlsSettings = { mode: 'DISABLED' }
const anyTls: TlsSettings = { mode: 'REQUIRED' }
const channels: readonly (readonly [string, LoginOverride])[] = [
  ['plain TCP', { tls: noTls }],
  ['TLS', { tls: anyTls }],
  ['a socket', { tls: noTls, socket: true }],
]

async function logsInAs(server: TestServer, login: LoginOverride): Promise<void> {
  await using connection = await Connection.open(server.settings(login))
  const [row = {}] = await connection.query('SELECT CURRENT_USER() AS account')
  assert.equal(textOf(row, 'account'), `${login.user}@%`)
}

function fails(code: ErrorCode, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert(isHoldfastError(error), String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return true
  }
}

async function checkPlugin(server: TestServer, user: string, password: string): Promise<void> {
  for (const [channel, login] of channels) {
    // The first login of an account is the full one of caching_sha2_password, the second the fast one.
    for (const round of ['first', 'second']) {
      await logsInAs(server, { ...login, user, password }).catch((cause: unknown) => {
        throw new Error(`the ${round} login of ${user} over ${channel} failed`, { cause })
      })
    }
    if (user.startsWith('caching')) await server.sql('FLUSH PRIVILEGES')
    await assert.rejects(
      Connection.open(server.settings({ ...login, user, password: `${password}!` })),
      fails('ACCESS_DENIED', /refused the login: .*\(errno 1045\)/),
    )
    await assert.rejects(
      Connection.open(server.settings({ ...login, user })),
      fails('ACCESS_DENIED', /\(errno 1045\)/),
    )
  }
}

for (const kind of testedKinds.filter((kind) => kind.startsWith('mariadb'))) {
  test(`native and ed25519 accounts log in over plain TCP, TLS and sockets (${kind})`, async () => {
    await using server = await startServer(kind, {
      tls: true,
      sql: `INSTALL SONAME 'auth_ed25519'; CREATE USER blank IDENTIFIED BY ''`,
    })
    await using root = await Connection.open(server.settings())
    for (const [user, plugin] of [
      ['native', 'mysql_native_password'],
      ['ed', 'ed25519'],
    ] as const) {
      await root.run(
        `CREATE USER ${user} IDENTIFIED VIA ${plugin} USING PASSWORD('${awkwardPassword.replaceAll(/['\\]/g, '\\$&')}')`,
      )
      await checkPlugin(server, user, awkwardPassword)
    }
    for (const [, login] of channels) await logsInAs(server, { ...login, user: 'blank' })
  })

  test(`the signature of an ed25519 login is right for many challenges (${kind})`, async () => {
    await using server = await startServer(kind, {
      sql: `INSTALL SONAME 'auth_ed25519'; CREATE USER ed IDENTIFIED VIA ed25519 USING PASSWORD('secret')`,
    })
    // One challenge in 256 ends in a NUL, which must not be cut off.
    for (let round = 0; round < 60; round++) {
      await Promise.all(
        Array.from({ length: 10 }, () => logsInAs(server, { user: 'ed', password: 'secret' })),
      )
    }
  })

  test(`accounts with plugins that Holdfast does not speak are refused by name (${kind})`, async () => {
    await using server = await startServer(kind, {
      tls: true,
      sql: "INSTALL SONAME 'auth_pam_v1'; CREATE USER pam IDENTIFIED VIA pam",
    })
    await assert.rejects(
      Connection.open(server.settings({ user: 'pam', password: 'x' })),
      fails('AUTH_PLUGIN_UNSUPPORTED', /account pam logs in with the plugin dialog/),
    )
    if (kind !== 'mariadb-10.11') {
      await server.sql(
        "INSTALL SONAME 'auth_parsec'; CREATE USER pars IDENTIFIED VIA parsec USING PASSWORD('x')",
      )
      await assert.rejects(
        Connection.open(server.settings({ user: 'pars', password: 'x' })),
        fails('AUTH_PLUGIN_UNSUPPORTED', /account pars logs in with the plugin parsec/),
      )
    }
  })

  test(`a password is sent in clear only when that is enabled and nobody listens (${kind})`, async () => {
    await using server = await startServer(kind, {
      tls: true,
      args: ['--plugin-load-add=auth_pam_v1', '--pam-use-cleartext-plugin=ON'],
      sql: 'CREATE USER pam IDENTIFIED VIA pam',
    })
    const login = { user: 'pam', password: 'x' }
    const allowed = (override: LoginOverride) => ({ ...server.settings(override), allowClearPassword: true })
    await assert.rejects(
      Connection.open(server.settings({ ...login, tls: anyTls })),
      fails('AUTH_PLUGIN_UNSUPPORTED', /clear text \(mysql_clear_password\), which is not enabled/),
    )
    await assert.rejects(
      Connection.open(allowed({ ...login, tls: noTls })),
      fails('AUTH_PLUGIN_UNSUPPORTED', /without TLS/),
    )
    // The account does not exist in PAM; that the server says so shows that it got a password.
    for (const safe of [{ tls: anyTls }, { tls: noTls, socket: true }]) {
      await assert.rejects(
        Connection.open(allowed({ ...login, ...safe })),
        fails('ACCESS_DENIED', /errno 1045/),
      )
    }
  })
}

for (const kind of testedKinds.filter((kind) => kind.startsWith('mysql'))) {
  test(`caching_sha2 and sha256 accounts log in over plain TCP, TLS and sockets (${kind})`, async () => {
    await using server = await startServer(kind, {
      tls: true,
      sql: "CREATE USER blank IDENTIFIED BY ''; CREATE USER blank256 IDENTIFIED WITH sha256_password BY ''",
    })
    await using root = await Connection.open(server.settings())
    for (const [user, plugin] of [
      ['caching', 'caching_sha2_password'],
      ['sha', 'sha256_password'],
    ] as const) {
      await root.run(
        `CREATE USER ${user} IDENTIFIED WITH ${plugin} BY '${awkwardPassword.replaceAll(/['\\]/g, '\\$&')}'`,
      )
      await checkPlugin(server, user, awkwardPassword)
    }
    for (const [, login] of channels) {
      await logsInAs(server, { ...login, user: 'blank' })
      await logsInAs(server, { ...login, user: 'blank256' })
    }
  })
}

eachServer('a schema that is missing or not allowed is told apart from a wrong password', async (kind) => {
  await using server = await startServer(kind, { users: [{ user: 'bob', password: 'b' }] })
  await assert.rejects(
    Connection.open(server.settings(), { schema: 'nowhere' }),
    fails('CONFIG_INVALID', /Unknown database 'nowhere'/),
  )
  await assert.rejects(
    Connection.open(server.settings({ user: 'bob', password: 'b', schema: 'mysql' })),
    fails('PRIVILEGE_MISSING', /errno 1044/),
  )
  await using connection = await Connection.open(server.settings({ schema: 'mysql' }))
  assert.deepEqual(await connection.query('SELECT DATABASE() AS name'), [{ name: 'mysql' }])
})

eachServer('the server is known by flavour and version', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  assert.equal(connection.flavour, server.flavour)
  const [row = {}] = await connection.query('SELECT VERSION() AS version, CONNECTION_ID() AS id')
  assert.equal(connection.serverVersion, textOf(row, 'version'))
  assert.equal(connection.threadId, row['id'])
})

eachServer('places without a server are named in SOURCE_UNREACHABLE', async (kind) => {
  await using server = await startServer(kind)
  const settings = server.settings()
  await server.stop()
  await assert.rejects(
    Connection.open(settings),
    fails('SOURCE_UNREACHABLE', new RegExp(`127\\.0\\.0\\.1:${server.port}: connection refused`)),
  )
  await assert.rejects(
    Connection.open({ ...settings, socketPath: '/nowhere/my.sock' }),
    fails('SOURCE_UNREACHABLE', /\/nowhere\/my\.sock: there is no such socket/),
  )
  await assert.rejects(
    Connection.open({ ...settings, host: 'no-such-host.invalid', password: new Secret('x') }),
    fails('SOURCE_UNREACHABLE', /no-such-host\.invalid:\d+: (the host is not known|the name service)/),
  )
})

eachServer('a server that answers nothing is given up after the connect time-out', async (kind) => {
  await using server = await startServer(kind)
  server.freeze()
  try {
    await assert.rejects(
      Connection.open({ ...server.settings(), connectTimeoutMs: 300 }),
      fails('SOURCE_UNREACHABLE', /no session with .* within 300 ms/),
    )
    const reason = new Error('enough')
    await assert.rejects(
      Connection.open(server.settings(), { signal: AbortSignal.abort(reason) }),
      (error) => error === reason,
    )
  } finally {
    server.thaw()
  }
})

eachServer('a server with no room for more connections says so', async (kind) => {
  await using server = await startServer(kind, { args: ['--max-connections=10'], users: [{ user: 'bob' }] })
  const open: Connection[] = []
  try {
    await assert.rejects(
      async () => {
        for (let index = 0; index < 20; index++)
          open.push(await Connection.open(server.settings({ user: 'bob' })))
      },
      fails('SOURCE_UNREACHABLE', /Too many connections \(errno 1040\)/),
    )
  } finally {
    await Promise.all(open.map((connection) => connection.close()))
  }
})
