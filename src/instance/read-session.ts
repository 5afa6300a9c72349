// Sessions that read or write rows and definitions exactly: mode, time zone, patience and visibility of hidden columns.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import { Connection } from '../wire/connection.ts'
import type { SessionSettings } from './dialect.ts'
import { dialectOf } from './dialects.ts'
import { checkRelease } from './instance-facts.ts'

/** Opens a session for reading. Definitions and names come as utf8mb4, times in UTC. */
export function openReadSession(settings: ConnectionSettings, signal?: AbortSignal): Promise<Connection> {
  return openWith(settings, 'readSettings', signal)
}

/** Opens a session for restoring. */
export function openLoadSession(settings: ConnectionSettings, signal?: AbortSignal): Promise<Connection> {
  return openWith(settings, 'loadSettings', signal)
}

async function openWith(
  settings: ConnectionSettings,
  kind: 'readSettings' | 'loadSettings',
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const connection = await Connection.open(settings, { signal })
  try {
    const release = checkRelease(connection)
    await applySettings(connection, dialectOf(connection.flavour)[kind](release), signal)
    return connection
  } catch (error) {
    connection.destroy()
    throw error
  }
}

async function applySettings(connection: Connection, settings: SessionSettings, signal?: AbortSignal) {
  await connection.run(`SET SESSION ${settings.required.join(', SESSION ')}`, { signal })
  for (const setting of settings.optional) {
    try {
      await connection.run(`SET SESSION ${setting}`, { signal })
    } catch (error) {
      // Not allowed or not there: the settings that are optional make more things possible, not results right.
      if (!(error instanceof HoldfastError) || typeof error.details['errno'] !== 'number') throw error
    }
  }
  // A shifted TIMESTAMP column is silent corruption, so this one is looked at (it can be overridden by init_connect).
  const [row = {}] = await connection.query('SELECT @@SESSION.time_zone AS zone', { signal })
  if (row['zone'] !== '+00:00') {
    throw new HoldfastError('SERVER_ERROR', `the session has time zone ${String(row['zone'])} instead of UTC`)
  }
}
