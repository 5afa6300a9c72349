// What must be known of a server before anything is done with it.
import type { BackupOrigin } from '../core/backup.ts'
import { HoldfastError } from '../core/errors.ts'
import type { Flavour } from '../core/flavour.ts'
import type { Connection } from '../wire/connection.ts'
import { bigintOf, textOf } from '../wire/row-values.ts'
import { dialectOf } from './dialects.ts'
import { currentGrants } from './grants.ts'
import { releaseNumber } from './server-release.ts'
import { readServerVariables } from './server-variables.ts'

export interface TableName {
  readonly schema: string
  readonly name: string
}

export interface BinlogFacts {
  readonly isOn: boolean
  /** 'ROW', 'STATEMENT' or 'MIXED'. */
  readonly format: string
  /** 'FULL', 'FULL_NODUP', 'NOBLOB' or 'MINIMAL'. */
  readonly rowImage: string
  /** 'FULL', 'MINIMAL' or (MariaDB) 'NO_LOG'. */
  readonly rowMetadata: string
  /** 'CRC32' or 'NONE'. */
  readonly checksum: string
  /** Seconds after which the server deletes its binary logs; 0 is never. */
  readonly retentionSeconds: number
  /** MySQL: rows reach JSON columns as patches only. */
  readonly hasPartialJson: boolean
}

export interface InstanceFacts {
  readonly flavour: Flavour
  /** As the server calls itself: '9.7.0', '10.11.19-MariaDB-log'. */
  readonly version: string
  /** See releaseNumber. */
  readonly release: number
  /** MySQL's server_uuid. */
  readonly serverUuid?: string
  readonly serverId: number
  /** MariaDB's gtid_domain_id. */
  readonly gtidDomainId?: number
  readonly binlog: BinlogFacts
  /** MySQL's gtid_mode: 'ON', 'OFF', 'ON_PERMISSIVE', 'OFF_PERMISSIVE'. MariaDB always has GTIDs and none of this. */
  readonly gtidMode?: string
  readonly lowerCaseTableNames: number
  readonly isReadOnly: boolean
  readonly isLocalInfileOn: boolean
  /** LOAD DATA locks the AUTO_INCREMENT of its table to its end (innodb_autoinc_lock_mode below 2). */
  readonly isAutoIncrementLocked: boolean
  readonly isEventSchedulerOn: boolean
  readonly maxAllowedPacketBytes: number
  /** The server's clock, microseconds since 1970-01-01 UTC. */
  readonly clockMicros: number
  /** How many milliseconds the server's clock is before (+) or behind (-) ours, give or take the round trip. */
  readonly clockLeadMs: number
  /** CURRENT_USER(). */
  readonly account: string
  /** SHOW GRANTS of the account, passwords removed. */
  readonly grants: readonly string[]
  /** Tables (not of the system) in engines without transactions. */
  readonly nonTransactionalTables: readonly (TableName & { readonly engine: string })[]
}

/**
 * Asks the server for everything above. Needs no privilege, but sees only the tables that the account may see.
 * @throws HoldfastError SERVER_UNSUPPORTED for MySQL before 8.0 and MariaDB before 10.6
 */
export async function inspectInstance(
  connection: Connection,
  options: { readonly signal?: AbortSignal } = {},
): Promise<InstanceFacts> {
  const dialect = dialectOf(connection.flavour)
  const release = checkRelease(connection)
  const variables = await readServerVariables(connection, options)
  const askedAtMs = Date.now()
  const [clock = {}] = await connection.query(
    'SELECT CURRENT_USER() AS account, CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS UNSIGNED) AS micros',
    options,
  )
  const answeredAtMs = Date.now()
  const clockMicros = Number(bigintOf(clock, 'micros'))
  return {
    flavour: connection.flavour,
    version: connection.serverVersion,
    release,
    serverId: variables.number('server_id'),
    ...dialect.facts(variables),
    binlog: {
      isOn: variables.isOn('log_bin'),
      format: variables.get('binlog_format') ?? 'ROW',
      rowImage: variables.get('binlog_row_image') ?? 'FULL',
      rowMetadata: variables.get('binlog_row_metadata') ?? 'MINIMAL',
      checksum: variables.get('binlog_checksum') ?? 'NONE',
      retentionSeconds: dialect.retentionSeconds(variables),
      hasPartialJson: (variables.get('binlog_row_value_options') ?? '').includes('PARTIAL_JSON'),
    },
    lowerCaseTableNames: variables.number('lower_case_table_names'),
    // MariaDB 12 made read_only a word: OFF, READ_ONLY, …
    isReadOnly: !['OFF', '0', ''].includes((variables.get('read_only') ?? 'OFF').toUpperCase()),
    isLocalInfileOn: variables.isOn('local_infile'),
    isAutoIncrementLocked: ['0', '1'].includes(variables.get('innodb_autoinc_lock_mode') ?? ''),
    isEventSchedulerOn: variables.isOn('event_scheduler'),
    maxAllowedPacketBytes: variables.number('max_allowed_packet'),
    clockMicros,
    clockLeadMs: Math.round(clockMicros / 1000 - (askedAtMs + answeredAtMs) / 2),
    account: textOf(clock, 'account'),
    grants: await currentGrants(connection, dialect, options),
    nonTransactionalTables: await nonTransactionalTables(connection, options),
  }
}

/** The release of the server, as releaseNumber gives it. Throws SERVER_UNSUPPORTED when it is too old. */
export function checkRelease(connection: Connection): number {
  const { flavour, serverVersion } = connection
  const release = releaseNumber(serverVersion)
  const { oldestRelease } = dialectOf(flavour)
  if (release < oldestRelease) {
    throw new HoldfastError('SERVER_UNSUPPORTED', `${flavour} ${serverVersion} is too old`, {
      flavour,
      version: serverVersion,
    })
  }
  return release
}

export function backupOrigin(facts: InstanceFacts): BackupOrigin {
  const { flavour, version, serverUuid, serverId, gtidDomainId } = facts
  return {
    flavour,
    serverVersion: version,
    serverId,
    ...(serverUuid === undefined ? {} : { serverUuid }),
    ...(gtidDomainId === undefined ? {} : { gtidDomainId }),
  }
}

async function nonTransactionalTables(connection: Connection, options: { readonly signal?: AbortSignal }) {
  const rows = await connection.query(
    `SELECT t.TABLE_SCHEMA AS s, t.TABLE_NAME AS n, t.ENGINE AS e
     FROM information_schema.TABLES t JOIN information_schema.ENGINES g ON g.ENGINE = t.ENGINE
     WHERE t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
       AND COALESCE(g.TRANSACTIONS, 'NO') <> 'YES'
       AND t.TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
     ORDER BY 1, 2`,
    options,
  )
  return rows.map((row) => ({ schema: textOf(row, 's'), name: textOf(row, 'n'), engine: textOf(row, 'e') }))
}
