import assert from 'node:assert/strict'
import { constants, createHash, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import * as fc from 'fast-check'
import { isHoldfastError } from '../../core/errors.ts'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import type { AuthContext, ChannelSecurity } from './auth-plugin.ts'
import { findAuthPlugin, requireAuthPlugin } from './auth-plugins.ts'
import { cachingSha2Password } from './caching-sha2-password.ts'
import { signWithPassword } from './client-ed25519.ts'
import { mysqlClearPassword } from './mysql-clear-password.ts'
import { mysqlNativePassword } from './mysql-native-password.ts'
import { sha256Password } from './sha256-password.ts'
import { xor } from './xor.ts'

const nonce = Buffer.from(Array.from({ length: 20 }, (_, index) => index + 1))

function context(
  password: string,
  security: ChannelSecurity = 'plain',
  allowClearPassword = false,
): AuthContext {
  return { password: Buffer.from(password), nonce, security, allowClearPassword }
}

test('a native answer is what a server checks: it stores SHA1(SHA1(password)) and finds SHA1(password) in the answer', () => {
  const stored = createHash('sha1').update(createHash('sha1').update('secret').digest()).digest()
  const once = xor(
    mysqlNativePassword.first(context('secret')),
    createHash('sha1').update(nonce).update(stored).digest(),
  )
  assert.equal(createHash('sha1').update(once).digest('hex'), stored.toString('hex'))
  // The hash that SELECT PASSWORD('secret') shows in MariaDB.
  assert.equal(stored.toString('hex').toUpperCase(), '14E65567ABDB5135D0CFD9A70B3032C179A49EE7')
})

function sha256(...parts: Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest()
}

test('a fast caching_sha2 answer is what a server checks: it stores SHA256(SHA256(password))', () => {
  const stored = sha256(sha256(Buffer.from('secret')))
  const once = xor(cachingSha2Password.first(context('secret')), sha256(stored, nonce))
  assert.equal(sha256(once).toString('hex'), stored.toString('hex'))
})

test('an empty password is an empty answer, or a bare NUL where the password itself is sent', () => {
  assert.equal(mysqlNativePassword.first(context('')).length, 0)
  assert.equal(cachingSha2Password.first(context('')).length, 0)
  assert.equal(sha256Password.first(context('')).toString('hex'), '00')
})

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))

function decrypted(answer: Buffer | undefined): string {
  assert(answer)
  const masked = privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING }, answer)
  return xor(masked, nonce).toString()
}

test('the full caching_sha2 login sends the password over TLS and sockets, and encrypted elsewhere', () => {
  const full = Buffer.of(4)
  for (const security of ['tls', 'socket'] as const) {
    assert.equal(cachingSha2Password.next?.(full, context('secret', security))?.toString(), 'secret\0')
  }
  assert.equal(cachingSha2Password.next?.(full, context('secret'))?.toString('hex'), '02')
  assert.equal(decrypted(cachingSha2Password.next?.(pem, context('secret'))), 'secret\0')
  assert.equal(cachingSha2Password.next?.(Buffer.of(3), context('secret')), undefined)
})

test('sha256_password sends the password over TLS only, and encrypted over sockets too', () => {
  assert.equal(sha256Password.first(context('secret', 'tls')).toString(), 'secret\0')
  for (const security of ['socket', 'plain'] as const) {
    assert.equal(sha256Password.first(context('secret', security)).toString('hex'), '01')
    assert.equal(decrypted(sha256Password.next?.(pem, context('secret', security))), 'secret\0')
  }
})

test('data that no honest server sends is refused, keys over TLS included', () => {
  for (const plugin of [cachingSha2Password, sha256Password]) {
    for (const data of [Buffer.alloc(0), Buffer.of(7), Buffer.from('-----BEGI')]) {
      assert.throws(() => plugin.next?.(data, context('secret')), MalformedDataError)
    }
    assert.throws(() => plugin.next?.(pem, context('secret', 'tls')), MalformedDataError)
    const broken = Buffer.from('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n')
    assert.throws(
      () => plugin.next?.(broken, context('secret')),
      (error) => isHoldfastError(error, 'ACCESS_DENIED'),
    )
  }
})

test('an ed25519 signature is that of RFC 8032, but for a password in place of the seed', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 1 }),
      (seed, message) => {
        // With a password of 32 bytes the two are the same.
        const ours = signWithPassword(Buffer.from(message), Buffer.from(seed))
        assert.equal(ours.toString('hex'), Buffer.from(ed25519.sign(message, seed)).toString('hex'))
      },
    ),
    { numRuns: 20 },
  )
})

test('an ed25519 signature fits the public key that MariaDB keeps for the account', () => {
  // CREATE USER foo IDENTIFIED VIA ed25519 USING PASSWORD('foobar'); SHOW CREATE USER foo; on MariaDB 11.8
  const kept = Buffer.from('qv2mG6HWCuy32Slb5xhV4THStewNz2VINVPbgk+XAJ8=', 'base64')
  const challenge = Buffer.alloc(32, 0xa5)
  assert.equal(ed25519.verify(signWithPassword(challenge, Buffer.from('foobar')), challenge, kept), true)
  assert.equal(ed25519.verify(signWithPassword(challenge, Buffer.from('foobaz')), challenge, kept), false)
})

test('the clear plugin needs leave and a channel without listeners', () => {
  const refused = (allow: boolean, security: ChannelSecurity): void =>
    assert.throws(
      () => mysqlClearPassword.first(context('secret', security, allow)),
      (error) => isHoldfastError(error, 'AUTH_PLUGIN_UNSUPPORTED'),
    )
  refused(false, 'tls')
  refused(false, 'socket')
  refused(true, 'plain')
  assert.equal(mysqlClearPassword.first(context('secret', 'tls', true)).toString(), 'secret\0')
  assert.equal(mysqlClearPassword.first(context('secret', 'socket', true)).toString(), 'secret\0')
})

test('plugins are found by the name the server uses, and others refused by it', async () => {
  for (const name of ['client_ed25519', 'caching_sha2_password']) {
    assert.equal((await findAuthPlugin(name))?.name, name)
  }
  await assert.rejects(
    () => requireAuthPlugin('parsec\u001b[31m', 'bob'),
    (error) =>
      isHoldfastError(error, 'AUTH_PLUGIN_UNSUPPORTED') && /bob .* parsec\?\[31m,/.test(error.message),
  )
})
