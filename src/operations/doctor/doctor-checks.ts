// What doctor looks at, each check a pure function of what was read from the server.
import type { Flavour } from '../../core/flavour.ts'

export type CheckStatus = 'ok' | 'warn' | 'fail'

export interface DoctorCheck {
  readonly name: string
  readonly status: CheckStatus
  readonly message: string
  readonly hint?: string
}

/** What the checks need to know of a server. */
export interface DoctorFacts {
  readonly flavour: Flavour
  readonly serverVersion: string
  /** Global variables by their lower-case names. */
  readonly variables: ReadonlyMap<string, string>
  readonly isTls: boolean
  /** Over a socket or a loopback address nobody can listen in. */
  readonly isLocal: boolean
  /** The server's clock minus ours; milliseconds. */
  readonly clockDifferenceMs: number
  /** `schema.table (ENGINE)` of user tables whose engine has no transactions. */
  readonly nonTransactionalTables: readonly string[]
}

const oldest = { mysql: [8, 0], mariadb: [10, 6] } as const
const titles = { mysql: 'MySQL', mariadb: 'MariaDB' } as const

const secondsPerDay = 86_400
// Commit times are compared across hosts; a few seconds are what NTP leaves on a bad day.
const clockToleranceMs = 5000

/** All checks that need no privilege of their own, in the order they are read. */
export function checkServer(facts: DoctorFacts): readonly DoctorCheck[] {
  const checks = [checkVersion(facts), checkBinaryLog(facts)]
  if (isOn(facts, 'log_bin')) {
    checks.push(
      checkFormat(facts),
      checkRowImage(facts),
      checkGtid(facts),
      checkServerId(facts),
      checkRetention(facts),
      checkDurability(facts),
      checkChecksum(facts),
      checkRowMetadata(facts),
    )
  }
  return [...checks, checkTables(facts), checkClock(facts), checkTls(facts), checkLocalInfile(facts)]
}

export function checkVersion({ flavour, serverVersion }: DoctorFacts): DoctorCheck {
  const [major = 0, minor = 0] = serverVersion.split('.').map((part) => Number.parseInt(part, 10))
  const [oldestMajor, oldestMinor] = oldest[flavour]
  const isOldEnough = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
  const message = `${titles[flavour]} ${serverVersion}`
  if (isOldEnough) return ok('version', message)
  return fail(
    'version',
    message,
    `Holdfast works with ${titles[flavour]} ${oldestMajor}.${oldestMinor} and newer.`,
  )
}

function checkBinaryLog(facts: DoctorFacts): DoctorCheck {
  if (isOn(facts, 'log_bin')) return ok('binary log', 'on')
  return fail(
    'binary log',
    'off: each backup can only bring back its own moment',
    'Put log_bin and a server_id of its own into the option file, under [mysqld], and restart the server.',
  )
}

function checkFormat({ variables }: DoctorFacts): DoctorCheck {
  // MySQL announced that ROW will be the only format and the variable will go.
  const format = variables.get('binlog_format') ?? 'ROW'
  if (format === 'ROW') return ok('binary log format', 'ROW')
  return fail(
    'binary log format',
    `${format}: statements can give other rows when they are replayed`,
    "SET GLOBAL binlog_format = 'ROW', the same in the option file, and reconnect clients; then take a backup.",
  )
}

function checkRowImage({ variables }: DoctorFacts): DoctorCheck {
  const image = variables.get('binlog_row_image') ?? 'FULL'
  if (image === 'FULL') return ok('row image', 'FULL')
  if (image === 'FULL_NODUP') return ok('row image', 'FULL_NODUP: every column is there, once')
  return fail(
    'row image',
    `${image}: changed rows are logged in part`,
    "SET GLOBAL binlog_row_image = 'FULL', the same in the option file, and reconnect clients.",
  )
}

function checkGtid({ flavour, variables }: DoctorFacts): DoctorCheck {
  if (flavour === 'mariadb') return ok('GTID', 'always on in MariaDB')
  const mode = variables.get('gtid_mode') ?? 'OFF'
  if (mode === 'ON') return ok('GTID', 'gtid_mode = ON')
  return warn(
    'GTID',
    `gtid_mode = ${mode}: transactions can only be named by file and offset`,
    'Set gtid_mode and enforce_gtid_consistency to ON; both can be changed step by step while the server runs.',
  )
}

function checkServerId({ variables }: DoctorFacts): DoctorCheck {
  const id = variables.get('server_id') ?? '0'
  if (id !== '0') return ok('server id', id)
  return fail(
    'server id',
    '0: the server accepts no replica, and so no stream',
    'Put a server_id that no other server has into the option file, and restart the server.',
  )
}

function checkRetention({ variables }: DoctorFacts): DoctorCheck {
  const seconds = Number(variables.get('binlog_expire_logs_seconds') ?? 0)
  const days = Number(variables.get('expire_logs_days') ?? 0)
  const kept = seconds > 0 ? seconds : days * secondsPerDay
  const isPurging = variables.get('binlog_expire_logs_auto_purge') !== 'OFF'
  if (kept === 0 || !isPurging) {
    return ok('retention', 'binary logs are kept until they are purged by hand; mind the disk')
  }
  const text = kept >= secondsPerDay ? `${round(kept / secondsPerDay)} d` : `${round(kept / 3600)} h`
  if (kept >= secondsPerDay) return ok('retention', `binary logs are kept for ${text}`)
  return warn(
    'retention',
    `binary logs are kept for only ${text}: a stream that stands still longer than that loses transactions`,
    `SET GLOBAL binlog_expire_logs_seconds = ${7 * secondsPerDay}, and the same in the option file.`,
  )
}

function checkDurability({ variables }: DoctorFacts): DoctorCheck {
  const weak = [
    ...(variables.get('sync_binlog') === '1'
      ? []
      : [`sync_binlog = ${variables.get('sync_binlog') ?? 'unknown'}`]),
    ...(variables.get('innodb_flush_log_at_trx_commit') === '1'
      ? []
      : [`innodb_flush_log_at_trx_commit = ${variables.get('innodb_flush_log_at_trx_commit') ?? 'unknown'}`]),
  ]
  if (weak.length === 0) return ok('durability', 'commits and binary log are synced to disk')
  return warn(
    'durability',
    `${weak.join(', ')}: after a crash of its machine the server may have less than the archive`,
    'Set both to 1, now with SET GLOBAL and in the option file.',
  )
}

function checkChecksum({ variables }: DoctorFacts): DoctorCheck {
  const checksum = variables.get('binlog_checksum') ?? 'NONE'
  if (checksum !== 'NONE') return ok('event checksums', checksum)
  return warn(
    'event checksums',
    'NONE: events damaged on disk or on the way cannot be told from good ones',
    "SET GLOBAL binlog_checksum = 'CRC32', and the same in the option file.",
  )
}

function checkRowMetadata({ variables }: DoctorFacts): DoctorCheck {
  const metadata = variables.get('binlog_row_metadata') ?? 'MINIMAL'
  if (metadata === 'FULL') return ok('row metadata', 'FULL: events carry the names of columns')
  return ok(
    'row metadata',
    `${metadata}: events do not carry the names of columns`,
    "With SET GLOBAL binlog_row_metadata = 'FULL' the binary log can be read without the tables; recovery does not need it.",
  )
}

function checkTables({ nonTransactionalTables: tables }: DoctorFacts): DoctorCheck {
  if (tables.length === 0) return ok('tables', 'all have transactions')
  const some = tables.slice(0, 5).join(', ')
  const rest = tables.length > 5 ? ` and ${tables.length - 5} more` : ''
  return warn(
    'tables',
    `${tables.length} without transactions: ${some}${rest}`,
    'Writers to these wait while a backup reads them, and a crash can tear them; ALTER TABLE … ENGINE=InnoDB.',
  )
}

function checkClock({ clockDifferenceMs }: DoctorFacts): DoctorCheck {
  const seconds = Math.abs(clockDifferenceMs / 1000).toFixed(1)
  if (Math.abs(clockDifferenceMs) <= clockToleranceMs)
    return ok('clock', `within ${seconds} s of this machine`)
  return warn(
    'clock',
    `${seconds} s ${clockDifferenceMs > 0 ? 'ahead of' : 'behind'} this machine`,
    'Keep both in time with NTP; a time given to restore means the time of the server.',
  )
}

function checkTls({ isTls, isLocal }: DoctorFacts): DoctorCheck {
  if (isTls) return ok('TLS', 'in use')
  if (isLocal) return ok('TLS', 'not in use, and not needed on this machine')
  return warn(
    'TLS',
    'not in use: rows and passwords can be read on the way',
    'Connect with --ssl-mode=VERIFY_IDENTITY.',
  )
}

function checkLocalInfile(facts: DoctorFacts): DoctorCheck {
  if (isOn(facts, 'local_infile')) return ok('local_infile', 'on: as a target it is loaded at full speed')
  return ok(
    'local_infile',
    'off: as a target it is loaded with INSERT, more slowly',
    'Only for a restore into this server: SET GLOBAL local_infile = ON.',
  )
}

function isOn({ variables }: DoctorFacts, name: string): boolean {
  return ['ON', '1', 'YES'].includes(variables.get(name) ?? 'OFF')
}

function round(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '')
}

function ok(name: string, message: string, hint?: string): DoctorCheck {
  return { name, status: 'ok', message, ...(hint === undefined ? {} : { hint }) }
}

function warn(name: string, message: string, hint: string): DoctorCheck {
  return { name, status: 'warn', message, hint }
}

function fail(name: string, message: string, hint: string): DoctorCheck {
  return { name, status: 'fail', message, hint }
}
