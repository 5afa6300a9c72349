import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isHoldfastError } from '../core/errors.ts'
import { type ConnectionInput, resolveConnection } from './resolve-connection.ts'

/** A home of its own with these files; relative names stand below it. */
async function withHome(
  files: Readonly<Record<string, string>>,
  run: (home: string, resolve: Resolve, notices: string[]) => Promise<void>,
): Promise<void> {
  const home = await mkdtemp(path.join(tmpdir(), 'holdfast-config-'))
  const notices: string[] = []
  const resolve: Resolve = async (input) => {
    const settings = await resolveConnection({
      globalFiles: [path.join(home, 'etc.cnf')],
      defaultSockets: [],
      emit: (event) => notices.push(event.type === 'notice' ? event.message : event.type),
      ...input,
      env: { HOME: home, ...input.env },
    })
    return { ...settings, password: settings.password?.reveal() }
  }
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(home, name)), { recursive: true })
      await writeFile(path.join(home, name), text.replaceAll('HOME', home), { mode: 0o600 })
    }
    await run(home, resolve, notices)
  } finally {
    await rm(home, { recursive: true })
  }
}

type Resolve = (
  input: Partial<ConnectionInput>,
) => Promise<
  Omit<Awaited<ReturnType<typeof resolveConnection>>, 'password'> & { password: string | undefined }
>

test('with nothing said the connection is the local server as the user of the process', async () => {
  await withHome({}, async (_home, resolve, notices) => {
    assert.deepEqual(await resolve({}), {
      host: 'localhost',
      port: 3306,
      user: userInfo().username,
      password: undefined,
      tls: { mode: 'PREFERRED' },
      connectTimeoutMs: 30_000,
    })
    assert.deepEqual(notices, [])
  })
})

test('flags count more than the URL, that more than option files, those more than the environment', async () => {
  const files = { '.my.cnf': '[client]\nuser=file\npassword=filepw\nport=1000\nhost=filehost\n' }
  const env = { MYSQL_HOST: 'envhost', MYSQL_TCP_PORT: '999', MYSQL_PWD: 'envpw' }
  await withHome(files, async (_home, resolve) => {
    const fromFile = await resolve({ env })
    assert.deepEqual([fromFile.host, fromFile.port, fromFile.user], ['filehost', 1000, 'file'])
    assert.equal(fromFile.password, 'filepw')
    const fromUrl = await resolve({ env, url: 'mysql://url@urlhost:2000/' })
    assert.deepEqual([fromUrl.host, fromUrl.port, fromUrl.user], ['urlhost', 2000, 'url'])
    assert.equal(fromUrl.password, 'filepw')
    const fromFlags = await resolve({
      env,
      url: 'mysql://url@urlhost:2000/',
      flags: { user: 'flag', port: 3000 },
    })
    assert.deepEqual([fromFlags.host, fromFlags.port, fromFlags.user], ['urlhost', 3000, 'flag'])
  })
})

test('the MYSQL_ environment is heard when nothing else speaks, and MYSQL_PWD is remarked on', async () => {
  await withHome({}, async (_home, resolve, notices) => {
    const settings = await resolve({ env: { MYSQL_HOST: 'h', MYSQL_TCP_PORT: '3307', MYSQL_PWD: 'secret' } })
    assert.deepEqual([settings.host, settings.port, settings.password], ['h', 3307, 'secret'])
    assert.match(notices.join(), /MYSQL_PWD/)
    assert.doesNotMatch(notices.join(), /secret/)
  })
})

test('files are read global, extra, own; later lines win; foreign groups and options are passed over', async () => {
  const files = {
    'etc.cnf': '[client]\nhost=a\nuser=a\nport=1\n[mysqld]\nuser=mysql\nport=5\n[mysql]\nuser=no\n',
    'extra.cnf':
      '[client-server]\nuser=b\nport=2\n[client-mariadb]\nssl-mode=REQUIRED\nquick\nunknown-thing=1\n',
    '.my.cnf': '[holdfast]\nport=3\n[client]\nport=4\n',
  }
  await withHome(files, async (home, resolve) => {
    const settings = await resolve({ flags: { defaultsExtraFile: path.join(home, 'extra.cnf') } })
    assert.deepEqual([settings.host, settings.user, settings.port], ['a', 'b', 4])
    assert.equal(settings.tls.mode, 'REQUIRED')
  })
})

test('a defaults file is read instead of all others, and groups with the suffix besides those without', async () => {
  const files = {
    'etc.cnf': '[client]\nuser=global\n',
    'only.cnf': '[client]\nhost=h1\nport=7\n[client_eu]\nhost=h2\n',
  }
  await withHome(files, async (home, resolve) => {
    const flags = { defaultsFile: path.join(home, 'only.cnf') }
    const plain = await resolve({ flags })
    assert.deepEqual([plain.host, plain.port], ['h1', 7])
    assert.notEqual(plain.user, 'global')
    const suffixed = await resolve({ flags: { ...flags, defaultsGroupSuffix: '_eu' } })
    assert.deepEqual([suffixed.host, suffixed.port], ['h2', 7])
    const byEnvironment = await resolve({ flags, env: { MYSQL_GROUP_SUFFIX: '_eu' } })
    assert.equal(byEnvironment.host, 'h2')
  })
})

test('includes are followed where they stand, folders in the order of names and for .cnf only', async () => {
  const files = {
    '.my.cnf': '[client]\nhost=before\nuser=before\n!include HOME/one.cnf\nport=9\n!includedir HOME/conf.d\n',
    'one.cnf': '[client]\nhost=one\nport=1\n',
    'conf.d/20.cnf': '[client]\nuser=twenty\n',
    'conf.d/10.cnf': '[client]\nuser=ten\npassword=ten\n',
    'conf.d/30.txt': '[client]\nuser=thirty\n',
  }
  await withHome(files, async (_home, resolve) => {
    const settings = await resolve({})
    assert.deepEqual([settings.host, settings.port, settings.user], ['one', 9, 'twenty'])
    assert.equal(settings.password, 'ten')
  })
})

test('MariaDB switches mean ssl modes, and an authority without a mode means VERIFY_CA', async () => {
  const modes: readonly (readonly [string, string])[] = [
    ['ssl', 'REQUIRED'],
    ['ssl=0', 'DISABLED'],
    ['skip-ssl', 'DISABLED'],
    ['disable_ssl', 'DISABLED'],
    ['ssl-verify-server-cert', 'VERIFY_IDENTITY'],
    ['ssl-verify-server-cert\nssl', 'VERIFY_IDENTITY'],
    ['ssl-mode=VERIFY_CA\nskip-ssl-verify-server-cert', 'REQUIRED'],
    ['ssl-ca=/ca.pem', 'VERIFY_CA'],
    ['ssl-ca=/ca.pem\nssl-mode=REQUIRED', 'REQUIRED'],
  ]
  for (const [lines, mode] of modes) {
    await withHome({ '.my.cnf': `[client]\n${lines}\n` }, async (_home, resolve) => {
      assert.equal((await resolve({})).tls.mode, mode, lines)
    })
  }
})

test('localhost means the socket, but a host in the URL, --port or protocol=tcp means TCP', async () => {
  await withHome({ 'my.sock': '', '.my.cnf': '[client]\nport=3306\n' }, async (home, resolve) => {
    const socket = path.join(home, 'my.sock')
    const input = { defaultSockets: ['/nowhere.sock', socket] }
    assert.equal((await resolve(input)).socketPath, socket)
    assert.equal((await resolve({ ...input, flags: { host: 'localhost' } })).socketPath, socket)
    assert.equal((await resolve({ ...input, url: 'mysql://localhost/' })).socketPath, undefined)
    assert.equal((await resolve({ ...input, flags: { port: 3307 } })).socketPath, undefined)
    assert.equal((await resolve({ ...input, flags: { host: '127.0.0.1' } })).socketPath, undefined)
    assert.equal((await resolve({ ...input, url: 'mysql://x@h/?socket=/s' })).socketPath, '/s')
    assert.equal((await resolve({ ...input, url: 'mysql://h/?protocol=tcp' })).socketPath, undefined)
  })
})

test("a host set by the user sets aside the socket of the distribution's files", async () => {
  const files = {
    'etc.cnf': '[client-server]\nsocket=/run/mysqld/mysqld.sock\n',
    '.my.cnf': '[client]\nhost=db1\n',
  }
  await withHome(files, async (_home, resolve) => {
    assert.equal((await resolve({})).socketPath, undefined)
    assert.equal((await resolve({ flags: { host: 'localhost' } })).socketPath, undefined)
    assert.equal((await resolve({ flags: { socket: '/mine' } })).socketPath, '/mine')
  })
  await withHome({ 'etc.cnf': files['etc.cnf'] }, async (_home, resolve) => {
    assert.equal((await resolve({})).socketPath, '/run/mysqld/mysqld.sock')
    assert.equal((await resolve({ url: 'mysql://db2/' })).socketPath, undefined)
  })
})

test('a password is asked for with --password only, and not in vain', async () => {
  await withHome({ '.my.cnf': '[client]\nuser=bob\npassword=file\n' }, async (_home, resolve) => {
    const questions: string[] = []
    const readPassword = (question: string): Promise<string> => {
      questions.push(question)
      return Promise.resolve('typed')
    }
    assert.equal((await resolve({ readPassword })).password, 'file')
    assert.equal((await resolve({ readPassword, flags: { password: true } })).password, 'typed')
    assert.deepEqual(questions, ['Password for bob: '])
    await assert.rejects(resolve({ flags: { password: true } }), /nobody can be asked/)
  })
})

test('files with a password that others can read are remarked on; files others can write are not read', async () => {
  await withHome({ '.my.cnf': '[client]\nuser=bob\npassword=x\n' }, async (home, resolve, notices) => {
    await chmod(path.join(home, '.my.cnf'), 0o644)
    assert.equal((await resolve({})).user, 'bob')
    assert.match(notices.splice(0).join(), /can be read by everyone; run: chmod 600/)
    await chmod(path.join(home, '.my.cnf'), 0o646)
    assert.notEqual((await resolve({})).user, 'bob')
    assert.match(notices.join(), /can be written by everyone/)
  })
})

const bad: readonly (readonly [string, RegExp])[] = [
  ['[client]\nport=http\n', /\.my\.cnf:2: port must be a whole number/],
  ['[client]\nssl-mode=YES\n', /\.my\.cnf:2: ssl-mode must be one of/],
  ['[client]\n\nhost=\n', /\.my\.cnf:3: host needs a value/],
  ['[client]\nssl-capath=/etc/ssl\n', /\.my\.cnf:2: ssl-capath is not supported/],
  ['[holdfast]\nprot=3306\n', /\.my\.cnf:2: there is no option prot/],
  [
    '[client]\n!include /nowhere/x.cnf\n',
    /\.my\.cnf:2: cannot read the option file \/nowhere\/x\.cnf: ENOENT/,
  ],
  ['!includedir /nowhere\n', /\.my\.cnf:1: ENOENT/],
  ['!include HOME/.my.cnf\n', /\.my\.cnf:1: includes are nested more than 10 deep/],
]
for (const [text, message] of bad) {
  test(`the option file ${JSON.stringify(text)} is refused with file and line`, async () => {
    await withHome({ '.my.cnf': text }, async (_home, resolve) => {
      await assert.rejects(
        resolve({}),
        (error) => isHoldfastError(error, 'CONFIG_INVALID') && message.test(error.message),
      )
    })
  })
}

test('an unknown option with loose- is passed over even in our own group', async () => {
  await withHome({ '.my.cnf': '[holdfast]\nloose-prot=1\nloose_port=3307\n' }, async (_home, resolve) => {
    assert.equal((await resolve({})).port, 3307)
  })
})

/** Written by mysql_config_editor 9.7; what it says is in login-path-file.test.ts. */
const loginPaths =
  '000000000405071b100c060f1b060f0d0a1504131b05101410000000c47be4184ab22c7898a94e95fd82310820000000' +
  '34a84e5be520981d17e9f1e2502e9ca368b66d9a2644e70ed763f753cb9bc126200000000f2cf5287b05e30f05cd6e11' +
  'd932586f017f17ce1aa832180008d94b90a93e3010000000f03d2a12c63d64fe5cecbfd9cf51fcad1000000095cc2dac' +
  'd3b27b7669f98b93342c67fe1000000062b966e72d1a3fd81624545c9a981a16200000006179abafd71d1c5ac2842fcb' +
  '6434b6a156273aa4653f6309d47075481bc8b5e9'

test('a login path counts more than any option file, and [client] of its file is always read', async () => {
  const files = { '.my.cnf': '[client]\nhost=file\nuser=file\n[prod]\nuser=not-a-login-path\n' }
  await withHome(files, async (home, resolve, notices) => {
    const file = path.join(home, '.mylogin.cnf')
    await writeFile(file, Buffer.from(loginPaths, 'hex'), { mode: 0o600 })
    const plain = await resolve({})
    assert.deepEqual([plain.user, plain.password], ['file', undefined])
    const prod = await resolve({ flags: { loginPath: 'prod' } })
    assert.deepEqual([prod.host, prod.port, prod.user, prod.password], ['db1', 3307, 'backup', 'p"a s #é'])
    await assert.rejects(resolve({ flags: { loginPath: 'test' } }), /no login path test; it has prod, client/)
    await chmod(file, 0o640)
    assert.equal((await resolve({})).user, 'file')
    assert.match(notices.join(), /not only its owner's/)
  })
})

test('a defaults file or login path that is named must be there', async () => {
  await withHome({}, async (home, resolve) => {
    const missing = path.join(home, 'missing.cnf')
    await assert.rejects(
      resolve({ flags: { defaultsFile: missing } }),
      /cannot read the option file .*missing.cnf/,
    )
    await assert.rejects(
      resolve({ flags: { loginPath: 'prod' } }),
      /cannot read the option file .*\.mylogin\.cnf/,
    )
  })
})
