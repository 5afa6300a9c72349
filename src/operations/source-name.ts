// The name an instance goes by in a repository when nobody gave it one.
import { hostname } from 'node:os'
import type { ConnectionSettings } from '../core/connection-settings.ts'

const defaultPort = 3306
// Names have 64 characters at most (checkSourceName), six of them for `-65535`.
const longestHost = 58
const loopback = new Set(['localhost', '127.0.0.1', '::1'])

/**
 * The host, with the port unless it is 3306: `db1`, `db1-3307`. A socket or a loopback address is this machine and goes by its
 * host name, so that two machines that write to one repository do not meet under `localhost`.
 */
export function deriveSourceName(
  settings: Pick<ConnectionSettings, 'host' | 'port' | 'socketPath'>,
  ownHost: string = hostname(),
): string {
  const isHere = settings.socketPath !== undefined || loopback.has(settings.host.toLowerCase())
  const host = isHere ? ownHost : settings.host
  const safe = host
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, longestHost)
  return `${safe === '' ? 'server' : safe}${settings.port === defaultPort ? '' : `-${settings.port}`}`
}
