// mysql_native_password: proves knowledge of SHA1(SHA1(password)). MariaDB's default; gone from MySQL 9.0.
import { createHash } from 'node:crypto'
import type { AuthPlugin } from './auth-plugin.ts'
import { xor } from './xor.ts'

export const mysqlNativePassword: AuthPlugin = {
  name: 'mysql_native_password',
  /** SHA1(password) XOR SHA1(nonce + SHA1(SHA1(password))): "Native Authentication" in the protocol's manual. */
  first({ password, nonce }) {
    if (password.length === 0) return Buffer.alloc(0)
    const once = sha1(password)
    return xor(once, sha1(nonce, sha1(once)))
  },
}

function sha1(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
