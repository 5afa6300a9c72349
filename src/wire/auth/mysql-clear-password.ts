// mysql_clear_password: the password as it is, for servers that ask another system (PAM, LDAP). Only on request and never in the open.
import { HoldfastError } from '../../core/errors.ts'
import type { AuthPlugin } from './auth-plugin.ts'
import { clearPassword } from './rsa-password.ts'

export const mysqlClearPassword: AuthPlugin = {
  name: 'mysql_clear_password',
  first({ password, security, allowClearPassword }) {
    if (!allowClearPassword) {
      throw new HoldfastError(
        'AUTH_PLUGIN_UNSUPPORTED',
        'the server asks for the password in clear text (mysql_clear_password), which is not enabled',
        { plugin: 'mysql_clear_password' },
        {
          hint: 'Trust this server? Then set enable-cleartext-plugin in the option file, and use TLS or a socket.',
        },
      )
    }
    if (security === 'plain') {
      throw new HoldfastError(
        'AUTH_PLUGIN_UNSUPPORTED',
        'the server asks for the password in clear text (mysql_clear_password) over a connection without TLS',
        { plugin: 'mysql_clear_password' },
        { hint: 'Use --ssl-mode=VERIFY_IDENTITY or a Unix socket.' },
      )
    }
    return clearPassword(password)
  },
}
