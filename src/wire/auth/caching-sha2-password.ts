// caching_sha2_password, MySQL's default: a fast proof against the server's cache, else the password itself over a safe channel.
import { createHash } from 'node:crypto'
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import type { AuthContext, AuthPlugin } from './auth-plugin.ts'
import { clearPassword, isPublicKey, rsaPassword } from './rsa-password.ts'
import { xor } from './xor.ts'

// sql/auth/sha2_password_common.h and sql-common/client_authentication.cc
const requestPublicKey = Buffer.of(0x02)
const fastAuthSuccess = 0x03
const performFullAuthentication = 0x04

export const cachingSha2Password: AuthPlugin = {
  name: 'caching_sha2_password',
  /** SHA256(password) XOR SHA256(SHA256(SHA256(password)) + nonce). */
  first({ password, nonce }) {
    if (password.length === 0) return Buffer.alloc(0)
    const once = sha256(password)
    return xor(once, sha256(sha256(once), nonce))
  },

  /**
   * The server's key is taken as it comes, as --get-server-public-key does: it keeps the password from listeners, not from a
   * server that only pretends. Against that stands --ssl-mode=VERIFY_IDENTITY, with which no key is ever asked for.
   */
  next(data: Buffer, context: AuthContext): Buffer | undefined {
    if (data.length === 1 && data[0] === fastAuthSuccess) return undefined
    if (data.length === 1 && data[0] === performFullAuthentication) {
      return context.security === 'plain' ? requestPublicKey : clearPassword(context.password)
    }
    if (isPublicKey(data) && context.security === 'plain') {
      return rsaPassword(context.password, context.nonce, data)
    }
    throw new MalformedDataError({
      what: 'caching_sha2_password data',
      offset: 0,
      expected: 'fast success, a request for the full login or a public key',
      found: `${data.length} bytes beginning 0x${data.subarray(0, 4).toString('hex')}`,
    })
  },
}

function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
