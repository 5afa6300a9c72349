// The name an instance goes by in a repository when nobody gave it one.
import { hostname } from 'node:os'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'

const defaultPort = 3306
const loopback = new Set(['localhost', '127.0.0.1', '::1'])
// What is safe as one segment of an object key on every store, and not an option on a command line.
const validName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

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
    .slice(0, 90)
  return `${safe === '' ? 'server' : safe}${settings.port === defaultPort ? '' : `-${settings.port}`}`
}

/** Throws USAGE for a name that could not be part of an object's key. */
export function checkSourceName(name: string): string {
  if (validName.test(name)) return name
  throw new HoldfastError(
    'USAGE',
    `'${name}' cannot be the name of an instance`,
    { name },
    {
      hint: 'A name starts with a letter or digit and has letters, digits, dot, underscore and dash, 100 at most.',
    },
  )
}
