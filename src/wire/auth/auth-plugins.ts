// The login plugins Holdfast speaks, by the name the server uses.
import { HoldfastError } from '../../core/errors.ts'
import type { AuthPlugin } from './auth-plugin.ts'
import { cachingSha2Password } from './caching-sha2-password.ts'
import { clientEd25519 } from './client-ed25519.ts'
import { mysqlClearPassword } from './mysql-clear-password.ts'
import { mysqlNativePassword } from './mysql-native-password.ts'
import { sha256Password } from './sha256-password.ts'

const plugins = new Map<string, AuthPlugin>(
  [mysqlNativePassword, cachingSha2Password, sha256Password, clientEd25519, mysqlClearPassword].map(
    (plugin) => [plugin.name, plugin],
  ),
)

export function findAuthPlugin(name: string): AuthPlugin | undefined {
  return plugins.get(name)
}

/** Throws AUTH_PLUGIN_UNSUPPORTED naming the plugin. */
export function requireAuthPlugin(name: string, user: string): AuthPlugin {
  const plugin = findAuthPlugin(name)
  if (plugin === undefined) {
    throw new HoldfastError(
      'AUTH_PLUGIN_UNSUPPORTED',
      `the account ${user} logs in with the plugin ${printable(name)}, which Holdfast does not speak`,
      { plugin: printable(name), user },
    )
  }
  return plugin
}

/** The name comes from the server: nothing in it may reach a terminal as a control sequence. */
function printable(name: string): string {
  return name.slice(0, 64).replaceAll(/[^\x20-\x7e]/g, '?')
}
