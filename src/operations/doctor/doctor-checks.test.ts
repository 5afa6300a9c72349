import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkServer } from './doctor-checks.ts'
import type { DoctorFacts } from './read-facts.ts'

const goodBinlog: DoctorFacts['binlog'] = {
  isOn: true,
  format: 'ROW',
  rowImage: 'FULL',
  rowMetadata: 'FULL',
  checksum: 'CRC32',
  retentionSeconds: 604_800,
  hasPartialJson: false,
}

type Change = Omit<Partial<DoctorFacts>, 'binlog'> & { readonly binlog?: Partial<DoctorFacts['binlog']> }

function statuses({ binlog, ...change }: Change = {}): Record<string, string> {
  const checks = checkServer({
    flavour: 'mysql',
    version: '9.7.0',
    release: 90_700,
    serverId: 17,
    gtidMode: 'ON',
    lowerCaseTableNames: 0,
    isReadOnly: false,
    isLocalInfileOn: true,
    isAutoIncrementLocked: false,
    isEventSchedulerOn: true,
    maxAllowedPacketBytes: 64 * 1024 * 1024,
    clockMicros: 0,
    clockLeadMs: 40,
    account: 'a@b',
    grants: [],
    nonTransactionalTables: [],
    logCoverage: {
      filters: { logged: '', ignored: '' },
      replicated: { isLogged: true, variable: 'log_replica_updates' },
      isReplica: false,
      isClusterNode: false,
    },
    semiSync: undefined,
    syncBinlog: '1',
    flushLogAtCommit: '1',
    isTls: true,
    isLocal: false,
    ...change,
    binlog: { ...goodBinlog, ...binlog },
  })
  for (const check of checks) {
    if (check.status !== 'ok') assert.ok(check.hint !== undefined, `${check.name} has no hint`)
  }
  return Object.fromEntries(checks.map((check) => [check.name, check.status]))
}

const replicated = { isLogged: true, variable: 'log_replica_updates' }

function filtered(logged: string, ignored: string): Change {
  return { logCoverage: { filters: { logged, ignored }, replicated, isClusterNode: false } }
}

function replica(isReplica: boolean | undefined): Change {
  const unlogged = { ...replicated, isLogged: false }
  return {
    logCoverage: {
      replicated: unlogged,
      isClusterNode: false,
      ...(isReplica === undefined ? {} : { isReplica }),
    },
  }
}

/** A node of a Galera cluster. */
function node(isLogged: boolean): Change {
  return { logCoverage: { replicated: { ...replicated, isLogged }, isReplica: false, isClusterNode: true } }
}

test('a server that is set up well passes every check', () => {
  assert.deepEqual([...new Set(Object.values(statuses()))], ['ok'])
})

test('each thing that stands in the way is found by its own check', () => {
  const table: readonly [Change, string, string][] = [
    [{ binlog: { isOn: false } }, 'binary log', 'fail'],
    [filtered('', 'lost'), 'binary log filters', 'fail'],
    [filtered('kept', ''), 'binary log filters', 'fail'],
    [{ logCoverage: { replicated, isClusterNode: false } }, 'binary log filters', 'warn'],
    [replica(true), 'replicated changes', 'fail'],
    [replica(false), 'replicated changes', 'ok'],
    [replica(undefined), 'replicated changes', 'warn'],
    [node(false), 'replicated changes', 'fail'],
    [node(true), 'replicated changes', 'ok'],
    [{ binlog: { format: 'STATEMENT' } }, 'binary log format', 'fail'],
    [{ binlog: { format: 'MIXED' } }, 'binary log format', 'warn'],
    [{ binlog: { rowImage: 'MINIMAL' } }, 'row image', 'warn'],
    [{ binlog: { rowImage: 'FULL_NODUP' } }, 'row image', 'ok'],
    [{ gtidMode: 'OFF' }, 'GTID', 'warn'],
    [{ flavour: 'mariadb', version: '11.8.3' }, 'GTID', 'ok'],
    [{ serverId: 0 }, 'server id', 'fail'],
    [{ binlog: { retentionSeconds: 3600 } }, 'retention', 'warn'],
    [{ binlog: { retentionSeconds: 0 } }, 'retention', 'ok'],
    [{ syncBinlog: '0' }, 'durability', 'warn'],
    [{ flushLogAtCommit: '2' }, 'durability', 'warn'],
    [{ binlog: { checksum: 'NONE' } }, 'event checksums', 'warn'],
    [{ nonTransactionalTables: [{ schema: 'a', name: 'b', engine: 'MyISAM' }] }, 'tables', 'warn'],
    [{ clockLeadMs: -9000 }, 'clock', 'warn'],
    [{ isTls: false }, 'TLS', 'warn'],
    [{ isTls: false, isLocal: true }, 'TLS', 'ok'],
    [{ isLocalInfileOn: false }, 'local_infile', 'ok'],
  ]
  for (const [change, name, status] of table) {
    assert.equal(statuses(change)[name], status, `${name} with ${JSON.stringify(change)}`)
  }
})

test('without a binary log the checks of its settings are left out', () => {
  const bad = Object.entries(statuses({ binlog: { isOn: false, format: 'STATEMENT' } }))
  assert.deepEqual(
    bad.filter(([, status]) => status !== 'ok'),
    [['binary log', 'fail']],
  )
})
