// What doctor looks at, each check a pure function of what was read from the server.
import { filterGap, replicaGap, unseenReplica } from '../log-gaps.ts'
import type { DoctorFacts } from './read-facts.ts'

export type CheckStatus = 'ok' | 'warn' | 'fail'

export interface DoctorCheck {
  readonly name: string
  readonly status: CheckStatus
  readonly message: string
  readonly hint?: string
}

const titles = { mysql: 'MySQL', mariadb: 'MariaDB' } as const

const secondsPerDay = 86_400
// Commit times are compared across hosts; a few seconds are what NTP leaves on a bad day.
const clockToleranceMs = 5000

/** All checks that need no privilege of their own, in the order they are read. */
export function checkServer(facts: DoctorFacts): readonly DoctorCheck[] {
  const ofBinlog = [
    checkFilters(facts),
    checkReplicated(facts),
    checkFormat(facts),
    checkRowImage(facts),
    checkGtid(facts),
    checkServerId(facts),
    checkRetention(facts),
    checkDurability(facts),
    checkChecksum(facts),
    checkRowMetadata(facts),
  ]
  return [
    ok('version', `${titles[facts.flavour]} ${facts.version.replace(/-MariaDB.*$/, '')}`),
    checkBinaryLog(facts),
    ...(facts.binlog.isOn ? ofBinlog : []),
    checkTables(facts),
    checkClock(facts),
    checkTls(facts),
    checkLocalInfile(facts),
  ]
}

function checkBinaryLog({ binlog }: DoctorFacts): DoctorCheck {
  if (binlog.isOn) return ok('binary log', 'on')
  return fail(
    'binary log',
    'off: each backup can only bring back its own moment',
    'Put log_bin and a server_id of its own into the option file, under [mysqld], and restart the server.',
  )
}

function checkFilters({ logCoverage: { filters } }: DoctorFacts): DoctorCheck {
  const name = 'binary log filters'
  if (filters === undefined) {
    return warn(name, 'not to be seen with this account', 'See the privileges for stream below.')
  }
  const gap = filterGap(filters)
  return gap === undefined ? ok(name, 'none: every schema is logged') : fail(name, gap.problem, gap.hint)
}

function checkReplicated({ logCoverage }: DoctorFacts): DoctorCheck {
  const name = 'replicated changes'
  const { replicated } = logCoverage
  const setting = `${replicated.variable} = ${replicated.isLogged ? 'ON' : 'OFF'}`
  if (replicated.isLogged) return ok(name, `logged: ${setting}`)
  const unseen = unseenReplica(logCoverage)
  if (unseen !== undefined) return warn(name, unseen, 'See the privileges for stream below.')
  const gap = replicaGap(logCoverage)
  return gap === undefined ? ok(name, 'none: this is no replica') : fail(name, gap.problem, gap.hint)
}

function checkFormat({ binlog: { format } }: DoctorFacts): DoctorCheck {
  if (format === 'ROW') return ok('binary log format', 'ROW')
  if (format === 'MIXED') {
    return warn(
      'binary log format',
      'MIXED: what the server takes for safe is logged as statements',
      "SET GLOBAL binlog_format = 'ROW', the same in the option file, and reconnect clients.",
    )
  }
  return fail(
    'binary log format',
    `${format}: statements can give other rows when they are replayed`,
    "SET GLOBAL binlog_format = 'ROW', the same in the option file, and reconnect clients; then take a backup.",
  )
}

function checkRowImage({ binlog: { rowImage } }: DoctorFacts): DoctorCheck {
  if (rowImage === 'FULL') return ok('row image', 'FULL')
  if (rowImage === 'FULL_NODUP') return ok('row image', 'FULL_NODUP: every column is there, once')
  return warn(
    'row image',
    `${rowImage}: changed rows are logged in part; they can be replayed, but not shown or undone`,
    "SET GLOBAL binlog_row_image = 'FULL', the same in the option file, and reconnect clients.",
  )
}

function checkGtid({ flavour, gtidMode = 'OFF' }: DoctorFacts): DoctorCheck {
  if (flavour === 'mariadb') return ok('GTID', 'always on in MariaDB')
  if (gtidMode === 'ON') return ok('GTID', 'gtid_mode = ON')
  return warn(
    'GTID',
    `gtid_mode = ${gtidMode}: transactions can only be named by file and offset`,
    'Set gtid_mode and enforce_gtid_consistency to ON; both can be changed step by step while the server runs.',
  )
}

function checkServerId({ serverId }: DoctorFacts): DoctorCheck {
  if (serverId !== 0) return ok('server id', String(serverId))
  return fail(
    'server id',
    '0: the server accepts no replica, and so no stream',
    'Put a server_id that no other server has into the option file, and restart the server.',
  )
}

function checkRetention({ binlog: { retentionSeconds } }: DoctorFacts): DoctorCheck {
  if (retentionSeconds === 0) {
    return ok('retention', 'binary logs are kept until they are purged by hand; mind the disk')
  }
  const isShort = retentionSeconds < secondsPerDay
  const text = isShort
    ? `${round(retentionSeconds / 3600)} h`
    : `${round(retentionSeconds / secondsPerDay)} d`
  if (!isShort) return ok('retention', `binary logs are kept for ${text}`)
  return warn(
    'retention',
    `binary logs are kept for only ${text}: a stream that stands still longer than that loses transactions`,
    `SET GLOBAL binlog_expire_logs_seconds = ${7 * secondsPerDay}, and the same in the option file.`,
  )
}

function checkDurability({ syncBinlog, flushLogAtCommit }: DoctorFacts): DoctorCheck {
  const weak = [
    ...(syncBinlog === '1' ? [] : [`sync_binlog = ${syncBinlog}`]),
    ...(flushLogAtCommit === '1' ? [] : [`innodb_flush_log_at_trx_commit = ${flushLogAtCommit}`]),
  ]
  if (weak.length === 0) return ok('durability', 'commits and binary log are synced to disk')
  return warn(
    'durability',
    `${weak.join(', ')}: after a crash of its machine the server may have less than the archive`,
    'Set both to 1, now with SET GLOBAL and in the option file.',
  )
}

function checkChecksum({ binlog: { checksum } }: DoctorFacts): DoctorCheck {
  if (checksum !== 'NONE') return ok('event checksums', checksum)
  return warn(
    'event checksums',
    'NONE: events damaged on disk or on the way cannot be told from good ones',
    "SET GLOBAL binlog_checksum = 'CRC32', and the same in the option file.",
  )
}

function checkRowMetadata({ binlog: { rowMetadata } }: DoctorFacts): DoctorCheck {
  if (rowMetadata === 'FULL') return ok('row metadata', 'FULL: events carry the names of columns')
  return ok(
    'row metadata',
    `${rowMetadata}: events do not carry the names of columns`,
    "With SET GLOBAL binlog_row_metadata = 'FULL' the binary log can be read without the tables; recovery does not need it.",
  )
}

function checkTables({ nonTransactionalTables: tables }: DoctorFacts): DoctorCheck {
  if (tables.length === 0) return ok('tables', 'all have transactions')
  const some = tables
    .slice(0, 5)
    .map(({ schema, name, engine }) => `${schema}.${name} (${engine})`)
    .join(', ')
  const rest = tables.length > 5 ? ` and ${tables.length - 5} more` : ''
  return warn(
    'tables',
    `${tables.length} without transactions: ${some}${rest}`,
    'Writers to these wait while a backup reads them, and a crash can tear them; ALTER TABLE … ENGINE=InnoDB.',
  )
}

function checkClock({ clockLeadMs }: DoctorFacts): DoctorCheck {
  const seconds = Math.abs(clockLeadMs / 1000).toFixed(1)
  if (Math.abs(clockLeadMs) <= clockToleranceMs) return ok('clock', `within ${seconds} s of this machine`)
  return warn(
    'clock',
    `${seconds} s ${clockLeadMs > 0 ? 'ahead of' : 'behind'} this machine`,
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

function checkLocalInfile({ isLocalInfileOn }: DoctorFacts): DoctorCheck {
  if (isLocalInfileOn) return ok('local_infile', 'on: as a target it is loaded at full speed')
  return ok(
    'local_infile',
    'off: as a target it is loaded with INSERT, more slowly',
    'Only for a restore into this server: SET GLOBAL local_infile = ON.',
  )
}

function round(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '')
}

export function ok(name: string, message: string, hint?: string): DoctorCheck {
  return { name, status: 'ok', message, ...(hint === undefined ? {} : { hint }) }
}

export function warn(name: string, message: string, hint: string): DoctorCheck {
  return { name, status: 'warn', message, hint }
}

export function fail(name: string, message: string, hint: string): DoctorCheck {
  return { name, status: 'fail', message, hint }
}
