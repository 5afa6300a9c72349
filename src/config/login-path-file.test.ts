import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isHoldfastError } from '../core/errors.ts'
import { decryptLoginPathFile, foldKey } from './login-path-file.ts'

/** What mysql_config_editor writes. */
function encryptLoginPathFile(lines: readonly string[], material: Buffer): Buffer {
  const key = foldKey(material)
  const parts = [Buffer.alloc(4), material]
  for (const line of lines) {
    const cipher = createCipheriv('aes-128-ecb', key, null)
    const sealed = Buffer.concat([cipher.update(line, 'utf8'), cipher.final()])
    const length = Buffer.alloc(4)
    length.writeUInt32LE(sealed.length)
    parts.push(length, sealed)
  }
  return Buffer.concat(parts)
}

const material = Buffer.from('000102030405060708090a0b0c0d0e0f10111213', 'hex')

test('the 20 bytes of a login path file are folded into a key of 16', () => {
  // 00^10 01^11 02^12 03^13, then as they are
  assert.equal(foldKey(material).toString('hex'), '101010100405060708090a0b0c0d0e0f')
})

test('a login path file that mysql_config_editor 9.7 wrote gives its lines', () => {
  const bytes = Buffer.from(
    '000000000405071b100c060f1b060f0d0a1504131b05101410000000c47be4184ab22c7898a94e95fd82310820000000' +
      '34a84e5be520981d17e9f1e2502e9ca368b66d9a2644e70ed763f753cb9bc126200000000f2cf5287b05e30f05cd6e11' +
      'd932586f017f17ce1aa832180008d94b90a93e3010000000f03d2a12c63d64fe5cecbfd9cf51fcad1000000095cc2dac' +
      'd3b27b7669f98b93342c67fe1000000062b966e72d1a3fd81624545c9a981a16200000006179abafd71d1c5ac2842fcb' +
      '6434b6a156273aa4653f6309d47075481bc8b5e9',
    'hex',
  )
  assert.equal(
    decryptLoginPathFile(bytes, 'f'),
    '[prod]\nuser = "backup"\npassword = "p\\"a\\ss #é"\nhost = "db1"\nport = 3307\n' +
      '[client]\nsocket = "/run/x.sock"\n',
  )
})

test('whatever lines are written are read back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary' })),
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      (lines, key) => {
        const bytes = encryptLoginPathFile(lines, Buffer.from(key))
        assert.equal(decryptLoginPathFile(bytes, 'f'), lines.join(''))
      },
    ),
  )
})

const whole = encryptLoginPathFile(['[client]\n', 'password = "secret"\n'], material)
const bad: readonly (readonly [string, Buffer, RegExp])[] = [
  ['ends within its key', whole.subarray(0, 23), /within its key \(offset 23\)/],
  ['ends within a length', whole.subarray(0, 26), /within a length \(offset 24\)/],
  ['ends within a line', whole.subarray(0, 40), /within a line \(offset 24\)/],
  [
    'has another key',
    Buffer.concat([Buffer.alloc(5, 1), whole.subarray(5)]),
    /does not decrypt.*\(offset 24\)/,
  ],
]
for (const [what, bytes, message] of bad) {
  test(`a login path file that ${what} is refused with the offset`, () => {
    assert.throws(
      () => decryptLoginPathFile(bytes, 'f'),
      (error) => isHoldfastError(error, 'CONFIG_INVALID') && message.test(error.message),
    )
  })
}
