// What stands on the server that a restore would go to, and whether its owner has to agree.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { describeConnection } from '../core/connection-settings.ts'
import type { SourceIdentity } from '../core/source-identity.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { Connection } from '../wire/connection.ts'
import { textOf } from '../wire/row-values.ts'

export interface TargetReport {
  /** `user@host:port`, for messages. */
  readonly server: string
  /** Schemas with somebody's data; none on a fresh server. */
  readonly schemas: readonly string[]
  /** It is the very server that the backups are of. */
  readonly isSource: boolean
}

/** Throws what connecting throws, and SERVER_UNSUPPORTED. Changes nothing. */
export async function examineTarget(
  settings: ConnectionSettings,
  source: SourceIdentity | undefined,
  signal: AbortSignal,
): Promise<TargetReport> {
  await using connection = await Connection.open(settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  const rows = await connection.query(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA
     WHERE SCHEMA_NAME NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY 1`,
    { signal },
  )
  const isSource =
    source !== undefined &&
    source.flavour === facts.flavour &&
    (source.serverUuid === undefined
      ? source.serverId === facts.serverId && source.gtidDomainId === facts.gtidDomainId
      : source.serverUuid === facts.serverUuid)
  return { server: describeConnection(settings), schemas: rows.map((row) => textOf(row, 'name')), isSource }
}
