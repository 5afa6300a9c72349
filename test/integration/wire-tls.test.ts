// Every ssl mode against servers with and without TLS.
import assert from 'node:assert/strict'
import type { ConnectionSettings, TlsSettings } from '../../src/core/connection-settings.ts'
import type { ErrorCode } from '../../src/core/error-codes.table.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { Connection } from '../../src/wire/connection.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

async function cipher(server: TestServer, tls: TlsSettings, host = '127.0.0.1'): Promise<unknown> {
  const settings: ConnectionSettings = { ...server.settings({ tls }), host }
  await using connection = await Connection.open(settings)
  const [row = {}] = await connection.query("SHOW STATUS LIKE 'Ssl_cipher'")
  return row['Value']
}

function fails(code: ErrorCode, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert(isHoldfastError(error, code), String(error))
    assert.match(error.message, message)
    return true
  }
}

eachServer('each ssl mode encrypts and verifies what it says', async (kind) => {
  await using server = await startServer(kind, { tls: true })
  const { certificates } = server
  assert(certificates)
  const { caFile, otherCaFile } = certificates
  assert.equal(await cipher(server, { mode: 'DISABLED' }), '')
  for (const mode of ['PREFERRED', 'REQUIRED'] as const) {
    assert.notEqual(await cipher(server, { mode }), '')
    assert.notEqual(await cipher(server, { mode, caFile: otherCaFile }), '')
  }
  for (const mode of ['VERIFY_CA', 'VERIFY_IDENTITY'] as const) {
    assert.notEqual(await cipher(server, { mode, caFile }), '')
    assert.notEqual(await cipher(server, { mode, caFile }, 'localhost'), '')
    await assert.rejects(
      cipher(server, { mode, caFile: otherCaFile }),
      fails('TLS_FAILED', /cannot start TLS/),
    )
    await assert.rejects(cipher(server, { mode }), fails('TLS_FAILED', /unable to verify|self-signed/))
  }
  await assert.rejects(
    cipher(server, { mode: 'VERIFY_CA', caFile: '/nowhere/ca.pem' }),
    fails('CONFIG_INVALID', /ssl-ca file \/nowhere\/ca\.pem/),
  )
})

eachServer('a certificate for another name passes VERIFY_CA and fails VERIFY_IDENTITY', async (kind) => {
  // 127.0.0.2 reaches the same server by an address that is not in its certificate.
  await using server = await startServer(kind, { tls: true, args: ['--bind-address=0.0.0.0'] })
  const caFile = server.certificates?.caFile ?? ''
  assert.notEqual(await cipher(server, { mode: 'VERIFY_CA', caFile }, '127.0.0.2'), '')
  await assert.rejects(
    cipher(server, { mode: 'VERIFY_IDENTITY', caFile }, '127.0.0.2'),
    fails('TLS_FAILED', /127\.0\.0\.2 is not in the cert/),
  )
})

eachServer('a client certificate opens accounts that ask for one', async (kind) => {
  await using server = await startServer(kind, {
    tls: true,
    sql: 'CREATE USER cert REQUIRE X509; CREATE USER tlsonly REQUIRE SSL',
  })
  const { certificates } = server
  assert(certificates)
  const { caFile, clientCertFile: certFile, clientKeyFile: keyFile } = certificates
  const tls: TlsSettings = { mode: 'VERIFY_IDENTITY', caFile, certFile, keyFile }
  await using connection = await Connection.open(server.settings({ user: 'cert', tls }))
  assert.equal((await connection.query('SELECT 1')).length, 1)
  for (const without of [{ mode: 'VERIFY_CA', caFile }, { mode: 'DISABLED' }] as const) {
    await assert.rejects(
      Connection.open(server.settings({ user: 'cert', tls: without })),
      fails('ACCESS_DENIED', /1045/),
    )
  }
  await assert.rejects(
    Connection.open(server.settings({ user: 'tlsonly', tls: { mode: 'DISABLED' } })),
    fails('ACCESS_DENIED', /1045/),
  )
})

eachServer('a server without TLS is used by PREFERRED and refused by REQUIRED', async (kind) => {
  const noTls = kind.startsWith('mysql') ? ['--tls-version='] : ['--skip-ssl']
  await using server = await startServer(kind, { args: noTls })
  assert.equal(await cipher(server, { mode: 'PREFERRED' }), '')
  for (const mode of ['REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'] as const) {
    await assert.rejects(
      cipher(server, { mode }),
      fails('TLS_FAILED', new RegExp(`does not offer TLS, and ssl-mode ${mode} asks for it`)),
    )
  }
})

eachServer('a server that insists on TLS refuses a connection without it', async (kind) => {
  await using server = await startServer(kind, { tls: true, args: ['--require-secure-transport=ON'] })
  // MariaDB 10.11 calls it a wrong password; the others say what is meant.
  const refusal = kind === 'mariadb-10.11' ? fails('ACCESS_DENIED', /1045/) : fails('TLS_FAILED', /insecure/)
  await assert.rejects(cipher(server, { mode: 'DISABLED' }), refusal)
  assert.notEqual(await cipher(server, { mode: 'PREFERRED' }), '')
})

eachServer('bytes pass whole through TLS both ways', async (kind) => {
  await using server = await startServer(kind, { tls: true, args: ['--max-allowed-packet=64M'] })
  await using connection = await Connection.open(server.settings({ tls: { mode: 'REQUIRED' } }))
  const text = 'ä1'.repeat(7 * 1024 * 1024)
  const [row = {}] = await connection.query(`SELECT '${text}' AS text`)
  assert.equal(row['text'] === text, true)
})
