// How tests log in to a server on this machine.
import type { ConnectionSettings } from '../../src/core/connection-settings.ts'

/** As root, without a password and in clear. */
export function localSettings(port: number): ConnectionSettings {
  return {
    host: '127.0.0.1',
    port,
    user: 'root',
    tls: { mode: 'DISABLED' },
    connectTimeoutMs: 10_000,
  }
}
