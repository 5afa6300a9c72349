// A password encrypted with the server's RSA key, as both SHA-256 plugins want it where there is no TLS.
import { constants, createPublicKey, publicEncrypt } from 'node:crypto'
import { HoldfastError } from '../../core/errors.ts'
import { xor } from './xor.ts'

const pemStart = '-----BEGIN'

export function isPublicKey(data: Buffer): boolean {
  return data.subarray(0, pemStart.length).toString('latin1') === pemStart
}

/** RSA-OAEP of (password + NUL) XOR nonce: sql/auth/sha2_password.cc, decrypt_RSA_private_key. */
export function rsaPassword(password: Buffer, nonce: Buffer, pem: Buffer): Buffer {
  try {
    const key = createPublicKey(pem)
    return publicEncrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING },
      xor(clearPassword(password), nonce),
    )
  } catch (cause) {
    throw new HoldfastError('ACCESS_DENIED', 'cannot use the public key that the server sent', {}, { cause })
  }
}

/** The password as the plugins send it over a channel that is safe: closed by a NUL. */
export function clearPassword(password: Buffer): Buffer {
  return Buffer.concat([password, Buffer.of(0)])
}
