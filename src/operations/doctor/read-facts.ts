// Reads from a server what doctor's checks want to know; changes nothing.
import type { ConnectionSettings } from '../../core/connection-settings.ts'
import { type InstanceFacts, inspectInstance } from '../../instance/instance-facts.ts'
import type { LogCoverage } from '../../instance/log-coverage.ts'
import { readLogCoverage } from '../../instance/read-log-coverage.ts'
import { readSemiSync, type SemiSync } from '../../instance/semi-sync.ts'
import { readServerVariables } from '../../instance/server-variables.ts'
import type { Connection } from '../../wire/connection.ts'

/** What the checks need to know of a server. */
export interface DoctorFacts extends InstanceFacts {
  readonly logCoverage: LogCoverage
  /** Undefined where the server does not know it. */
  readonly semiSync: SemiSync | undefined
  readonly syncBinlog: string
  readonly flushLogAtCommit: string
  readonly isTls: boolean
  /** Over a socket or a loopback address nobody can listen in. */
  readonly isLocal: boolean
}

export async function readFacts(
  connection: Connection,
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<DoctorFacts> {
  const facts = await inspectInstance(connection, { signal })
  const variables = await readServerVariables(connection, { signal })
  const [cipher] = await connection.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'", { signal })
  return {
    ...facts,
    logCoverage: await readLogCoverage(connection, { signal }),
    semiSync: await readSemiSync(connection, { signal }),
    syncBinlog: variables.get('sync_binlog') ?? 'unknown',
    flushLogAtCommit: variables.get('innodb_flush_log_at_trx_commit') ?? 'unknown',
    isTls: String(cipher?.['Value'] ?? '') !== '',
    isLocal: settings.socketPath !== undefined || ['localhost', '127.0.0.1', '::1'].includes(settings.host),
  }
}
