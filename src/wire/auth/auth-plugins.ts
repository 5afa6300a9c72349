// The login plugins Holdfast speaks, by the name the server uses.
import { HoldfastError } from '../../core/errors.ts'
import type { AuthPlugin } from './auth-plugin.ts'
import { cachingSha2Password } from './caching-sha2-password.ts'
import { mysqlClearPassword } from './mysql-clear-password.ts'
import { mysqlNativePassword } from './mysql-native-password.ts'
import { sha256Password } from './sha256-password.ts'

const plugins = new Map<string, AuthPlugin>(
  [mysqlNativePassword, cachingSha2Password, sha256Password, mysqlClearPassword].map((plugin) => [
    plugin.name,
    plugin,
  ]),
)

export async function findAuthPlugin(name: string): Promise<AuthPlugin | undefined> {
  // Curves take 60 ms to load, in each thread anew, and few accounts need them.
  if (name === 'client_ed25519') return (await import('./client-ed25519.ts')).clientEd25519
  return plugins.get(name)
}

/** Throws AUTH_PLUGIN_UNSUPPORTED naming the plugin. */
export async function requireAuthPlugin(name: string, user: string): Promise<AuthPlugin> {
  const plugin = await findAuthPlugin(name)
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
