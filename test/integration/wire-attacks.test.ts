// What a hostile server may try on a client. The attacker is a few lines here, because no honest server does any of this.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import type { ConnectionSettings, SslMode } from '../../src/core/connection-settings.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { MalformedDataError } from '../../src/core/malformed-data-error.ts'
import { Secret } from '../../src/core/secret.ts'
import { Connection } from '../../src/wire/connection.ts'
import { PacketChannel } from '../../src/wire/packet-channel.ts'
import { authMoreDataToBytes, authSwitchRequestToBytes } from '../../src/wire/packets/auth-switch.ts'
import { capability } from '../../src/wire/packets/capabilities.ts'
import { columnDefinitionToBytes, columnType } from '../../src/wire/packets/column-definition.ts'
import { eofToBytes } from '../../src/wire/packets/eof.ts'
import { handshakeToBytes } from '../../src/wire/packets/handshake.ts'
import { localInfileRequestToBytes } from '../../src/wire/packets/local-infile-request.ts'
import { okToBytes } from '../../src/wire/packets/ok.ts'
import { textRowToBytes } from '../../src/wire/packets/text-row.ts'

const ok = okToBytes({ affectedRows: 0, lastInsertId: 0n, status: 2, warnings: 0, info: '' })
const eof = eofToBytes({ warnings: 0, status: 2 })
const password = 'correct horse'

interface Attack {
  readonly capabilities?: number
  readonly authPlugin?: string
  /** Runs after the greeting was sent. */
  readonly login: (channel: PacketChannel, socket: Socket) => Promise<void>
}

interface Attacker extends AsyncDisposable {
  readonly settings: (mode?: SslMode) => ConnectionSettings
  /** Everything the client sent. */
  readonly heard: () => string
}

async function startAttacker({
  capabilities = 0,
  authPlugin = 'mysql_native_password',
  login,
}: Attack): Promise<Attacker> {
  const heard: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('data', (bytes) => heard.push(bytes))
    const channel = new PacketChannel(socket, 'client')
    channel.startCommand()
    channel.write(
      handshakeToBytes({
        serverVersion: '8.0.99',
        threadId: 1,
        capabilities: (0xffffffff & ~capability.ssl & ~0x1000000) | capabilities,
        collationId: 45,
        status: 2,
        nonce: Buffer.alloc(20, 1),
        authPlugin,
      }),
    )
    // The client hangs up on most attacks; that is the point.
    login(channel, socket).catch(() => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert(address !== null && typeof address === 'object')
  return {
    settings: (mode = 'PREFERRED') => ({
      host: '127.0.0.1',
      port: address.port,
      user: 'root',
      password: new Secret(password),
      tls: { mode },
      connectTimeoutMs: 3000,
    }),
    heard: () => Buffer.concat(heard).toString('latin1'),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Logs the client in and answers its question about the session. */
async function welcome(channel: PacketChannel): Promise<void> {
  await channel.read()
  channel.write(ok)
  await nextCommand(channel)
  const text = {
    schema: '',
    table: '',
    orgTable: '',
    orgName: '',
    collationId: 45,
    columnLength: 9,
    flags: 0,
    decimals: 0,
  }
  channel.write(Buffer.of(4))
  for (const name of ['place', 'bytes', 'client', 'results']) {
    channel.write(columnDefinitionToBytes({ ...text, name, type: columnType.varString }))
  }
  channel.write(eof)
  channel.write(textRowToBytes(['here', '1048576', 'utf8mb4', 'utf8mb4']))
  channel.write(eof)
}

async function nextCommand(channel: PacketChannel): Promise<Buffer> {
  channel.startCommand()
  return channel.read()
}

test('a server that asks for a file in answer to any statement gets an empty one', async () => {
  let answer: Buffer | undefined
  await using attacker = await startAttacker({
    async login(channel) {
      await welcome(channel)
      await nextCommand(channel)
      channel.write(localInfileRequestToBytes('/etc/passwd'))
      answer = await channel.read()
      channel.write(ok)
    },
  })
  await using connection = await Connection.open(attacker.settings())
  await assert.rejects(
    connection.query('SELECT 1'),
    /asked for the local file "\/etc\/passwd", which was not offered/,
  )
  assert.equal(answer?.length, 0)
  assert.doesNotMatch(attacker.heard(), /root:/)
})

test('a server that asks for a file in a pipeline is left, for what follows would be taken for the file', async () => {
  await using attacker = await startAttacker({
    async login(channel) {
      await welcome(channel)
      await nextCommand(channel)
      channel.write(localInfileRequestToBytes('/etc/passwd'))
      await channel.read()
    },
  })
  await using connection = await Connection.open(attacker.settings())
  await using pipeline = connection.openPipeline({ windowBytes: 1000, windowStatements: 10 })
  await pipeline.send('SELECT 1')
  await assert.rejects(pipeline.flush(), /which was not offered/)
})

test('a server that asks twice for the data of one load gets it once', async () => {
  await using attacker = await startAttacker({
    async login(channel) {
      await welcome(channel)
      await nextCommand(channel)
      channel.write(localInfileRequestToBytes('first'))
      while ((await channel.read()).length > 0);
      channel.write(localInfileRequestToBytes('/etc/passwd'))
      assert.equal((await channel.read()).length, 0)
      channel.write(ok)
    },
  })
  await using connection = await Connection.open(attacker.settings())
  await assert.rejects(
    connection.loadData("LOAD DATA LOCAL INFILE 'x' INTO TABLE t", [Buffer.from('offered')]),
    /asked for the local file "\/etc\/passwd", which was not offered/,
  )
})

test('a server that talks the client out of TLS does not get as far as the login', async () => {
  for (const mode of ['REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'] as const) {
    await using attacker = await startAttacker({ login: () => Promise.resolve() })
    await assert.rejects(Connection.open(attacker.settings(mode)), (error) =>
      isHoldfastError(error, 'TLS_FAILED'),
    )
    assert.equal(attacker.heard(), '')
  }
})

test('bytes that an attacker slips in before TLS are refused', async () => {
  await using attacker = await startAttacker({
    capabilities: capability.ssl,
    async login(_channel, socket) {
      // Sent along with the greeting, to be taken for the server's answer inside TLS.
      socket.write(Buffer.concat([Buffer.of(ok.length, 0, 0, 2), ok]))
      await Promise.resolve()
    },
  })
  await assert.rejects(
    Connection.open(attacker.settings('REQUIRED')),
    (error) => isHoldfastError(error, 'TLS_FAILED') && /sent data in clear/.test(error.message),
  )
})

test('a server that offers TLS and then stays silent, hangs up or talks nonsense is left without harm', async () => {
  const ends: readonly (readonly [RegExp, (socket: Socket) => void])[] = [
    [/no session with .* within 300 ms/, () => undefined],
    [/cannot start TLS/, (socket) => socket.end()],
    [/cannot start TLS/, (socket) => socket.resetAndDestroy()],
    [/cannot start TLS/, (socket) => socket.write('nonsense')],
  ]
  for (const [message, end] of ends) {
    await using attacker = await startAttacker({
      capabilities: capability.ssl,
      async login(channel, socket) {
        await channel.read()
        end(socket)
      },
    })
    const settings = { ...attacker.settings('REQUIRED'), connectTimeoutMs: 300 }
    await assert.rejects(Connection.open(settings), message)
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 5)
    await assert.rejects(Connection.open(attacker.settings('REQUIRED'), { signal: controller.signal }))
    // A late error of an abandoned socket would end the process here.
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
})

test('a server cannot ask for the password itself by switching to another plugin', async () => {
  for (const plugin of ['mysql_clear_password', 'dialog', 'mysql_old_password', '\u001b[2Jevil']) {
    await using attacker = await startAttacker({
      async login(channel) {
        await channel.read()
        channel.write(authSwitchRequestToBytes({ plugin, nonce: Buffer.alloc(20, 2) }))
        await channel.read()
      },
    })
    await assert.rejects(Connection.open(attacker.settings()), (error) => {
      assert(isHoldfastError(error, 'AUTH_PLUGIN_UNSUPPORTED'), String(error))
      assert(!error.message.includes('\u001b'))
      return true
    })
    assert.doesNotMatch(attacker.heard(), /correct/)
  }
})

test('a server that announces the clear plugin as its default is not answered with the password', async () => {
  await using attacker = await startAttacker({
    authPlugin: 'mysql_clear_password',
    async login(channel) {
      await channel.read()
      channel.write(ok)
      await channel.read()
    },
  })
  await Connection.open({ ...attacker.settings(), connectTimeoutMs: 200 }).catch(() => undefined)
  assert.match(attacker.heard(), /mysql_native_password/)
  assert.doesNotMatch(attacker.heard(), /correct/)
})

test('a server cannot have the password by full caching_sha2 without a key of its own', async () => {
  for (const data of [
    Buffer.of(4),
    Buffer.from('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'),
    Buffer.of(9, 9),
  ]) {
    await using attacker = await startAttacker({
      authPlugin: 'caching_sha2_password',
      async login(channel) {
        for (;;) {
          await channel.read()
          channel.write(authMoreDataToBytes(data))
        }
      },
    })
    await assert.rejects(Connection.open(attacker.settings()))
    assert.doesNotMatch(attacker.heard(), /correct/)
  }
})

test('nonsense in place of a greeting is refused', async () => {
  for (const bytes of [
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
    Buffer.of(1, 0, 0, 0, 10),
    Buffer.of(0, 0, 0, 0),
    Buffer.of(1, 0, 0, 7, 10),
  ]) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(bytes)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const address = server.address()
      assert(address !== null && typeof address === 'object')
      const place = `127.0.0.1:${address.port}`
      const settings: ConnectionSettings = {
        host: '127.0.0.1',
        port: address.port,
        user: 'root',
        tls: { mode: 'PREFERRED' },
        connectTimeoutMs: 3000,
      }
      await assert.rejects(
        Connection.open(settings),
        (error) => isHoldfastError(error, 'SOURCE_UNREACHABLE') && error.message.includes(place),
        bytes.toString('latin1'),
      )
    } finally {
      server.close()
    }
  }
})

test('answers that break the protocol end the connection', async () => {
  const breaches: readonly (readonly [string, (channel: PacketChannel) => void])[] = [
    ['an empty packet', (channel) => channel.write(Buffer.alloc(0))],
    ['an OK that is cut', (channel) => channel.write(Buffer.of(0, 0))],
    ['a column count past 2^53', (channel) => channel.write(Buffer.of(0xfe, 1, 1, 1, 1, 1, 1, 1, 0xff))],
    [
      'a column definition that is cut',
      (channel) => [Buffer.of(1), Buffer.of(3, 0x64)].forEach((packet) => channel.write(packet)),
    ],
    [
      'a wrong sequence id',
      (channel) => channel.writeFramed(Buffer.concat([Buffer.of(ok.length, 0, 0, 5), ok])),
    ],
  ]
  for (const [what, breach] of breaches) {
    await using attacker = await startAttacker({
      async login(channel) {
        await welcome(channel)
        await nextCommand(channel)
        breach(channel)
        await channel.read()
      },
    })
    await using connection = await Connection.open(attacker.settings())
    await assert.rejects(connection.query('SELECT 1'), (error) => error instanceof MalformedDataError, what)
    await assert.rejects(
      connection.query('SELECT 1'),
      (error) => isHoldfastError(error, 'CONNECTION_LOST'),
      what,
    )
  }
})
