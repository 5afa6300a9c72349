// sha256_password: the password itself over TLS, or encrypted with the server's RSA key elsewhere, sockets included.
import { MalformedDataError } from '../../core/malformed-data-error.ts'
import type { AuthPlugin } from './auth-plugin.ts'
import { clearPassword, isPublicKey, rsaPassword } from './rsa-password.ts'

/** Not 0x02 as in caching_sha2_password: sha256_password_auth_client in sql-common/client_authentication.cc. */
const requestPublicKey = Buffer.of(0x01)

export const sha256Password: AuthPlugin = {
  name: 'sha256_password',
  first({ password, security }) {
    // An empty password is sent as the bare NUL; there is nothing to hide.
    if (password.length === 0 || security === 'tls') return clearPassword(password)
    return requestPublicKey
  },

  next(data, { password, nonce, security }) {
    if (isPublicKey(data) && security !== 'tls') return rsaPassword(password, nonce, data)
    throw new MalformedDataError({
      what: 'sha256_password data',
      offset: 0,
      expected: 'a public key',
      found: `${data.length} bytes beginning 0x${data.subarray(0, 4).toString('hex')}`,
    })
  },
}
