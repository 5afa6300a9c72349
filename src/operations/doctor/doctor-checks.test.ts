import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkServer, type DoctorFacts } from './doctor-checks.ts'

const good: Record<string, string> = {
  log_bin: 'ON',
  binlog_format: 'ROW',
  binlog_row_image: 'FULL',
  gtid_mode: 'ON',
  server_id: '17',
  binlog_expire_logs_seconds: '604800',
  sync_binlog: '1',
  innodb_flush_log_at_trx_commit: '1',
  binlog_checksum: 'CRC32',
  binlog_row_metadata: 'FULL',
  local_infile: 'ON',
}

function statuses(
  change: Partial<DoctorFacts> & { set?: Record<string, string> } = {},
): Record<string, string> {
  const { set, ...facts } = change
  const checks = checkServer({
    flavour: 'mysql',
    serverVersion: '9.7.0',
    variables: new Map(Object.entries({ ...good, ...set })),
    isTls: true,
    isLocal: false,
    clockDifferenceMs: 40,
    nonTransactionalTables: [],
    ...facts,
  })
  for (const check of checks) {
    if (check.status !== 'ok') assert.ok(check.hint !== undefined, `${check.name} has no hint`)
  }
  return Object.fromEntries(checks.map((check) => [check.name, check.status]))
}

test('a server that is set up well passes every check', () => {
  assert.deepEqual([...new Set(Object.values(statuses()))], ['ok'])
})

test('each thing that stands in the way is found by its own check', () => {
  const table: readonly [Parameters<typeof statuses>[0], string, string][] = [
    [{ serverVersion: '5.7.44' }, 'version', 'fail'],
    [{ flavour: 'mariadb', serverVersion: '10.5.29' }, 'version', 'fail'],
    [{ flavour: 'mariadb', serverVersion: '10.6.1-MariaDB' }, 'version', 'ok'],
    [{ flavour: 'mariadb', serverVersion: '11.8.3' }, 'version', 'ok'],
    [{ set: { log_bin: 'OFF' } }, 'binary log', 'fail'],
    [{ set: { binlog_format: 'STATEMENT' } }, 'binary log format', 'fail'],
    [{ set: { binlog_format: 'MIXED' } }, 'binary log format', 'fail'],
    [{ set: { binlog_row_image: 'MINIMAL' } }, 'row image', 'fail'],
    [{ set: { binlog_row_image: 'FULL_NODUP' } }, 'row image', 'ok'],
    [{ set: { gtid_mode: 'OFF' } }, 'GTID', 'warn'],
    [{ flavour: 'mariadb', serverVersion: '11.8.3', set: { gtid_mode: 'OFF' } }, 'GTID', 'ok'],
    [{ set: { server_id: '0' } }, 'server id', 'fail'],
    [{ set: { binlog_expire_logs_seconds: '3600' } }, 'retention', 'warn'],
    [{ set: { binlog_expire_logs_seconds: '0' } }, 'retention', 'ok'],
    [
      { set: { binlog_expire_logs_seconds: '3600', binlog_expire_logs_auto_purge: 'OFF' } },
      'retention',
      'ok',
    ],
    [{ set: { sync_binlog: '0' } }, 'durability', 'warn'],
    [{ set: { innodb_flush_log_at_trx_commit: '2' } }, 'durability', 'warn'],
    [{ set: { binlog_checksum: 'NONE' } }, 'event checksums', 'warn'],
    [{ nonTransactionalTables: ['a.b (MyISAM)'] }, 'tables', 'warn'],
    [{ clockDifferenceMs: -9000 }, 'clock', 'warn'],
    [{ isTls: false }, 'TLS', 'warn'],
    [{ isTls: false, isLocal: true }, 'TLS', 'ok'],
  ]
  for (const [change, name, status] of table) {
    assert.equal(statuses(change)[name], status, `${name} with ${JSON.stringify(change)}`)
  }
})

test('without a binary log the checks of its settings are left out', () => {
  assert.deepEqual(
    Object.entries(statuses({ set: { log_bin: 'OFF', binlog_format: 'STATEMENT' } })).filter(
      ([, status]) => status !== 'ok',
    ),
    [['binary log', 'fail']],
  )
})
