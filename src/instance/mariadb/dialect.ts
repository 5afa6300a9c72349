// MariaDB's side of every question an instance is asked.
import type { InstanceDialect } from '../dialect.ts'
import { currentPoint } from './current-point.ts'
import { setGtidState } from './gtid-state.ts'
import { logCoverage } from './log-coverage.ts'
import { privilegeNeeds } from './privileges.ts'
import { loadSettings, readSettings } from './session-settings.ts'
import { lockDefinitions, openSnapshot } from './snapshot.ts'
import { holdStill } from './still-lock.ts'

// MariaDB 10.6 has binlog_expire_logs_seconds.
const secondsPerDay = 86_400

export const mariadbDialect: InstanceDialect = {
  flavour: 'mariadb',
  oldestRelease: 100_600,
  facts: (variables) => ({ gtidDomainId: variables.number('gtid_domain_id') }),
  retentionSeconds: (variables) =>
    variables.get('binlog_expire_logs_seconds') === undefined
      ? variables.number('expire_logs_days') * secondsPerDay
      : variables.number('binlog_expire_logs_seconds'),
  // Grants of the current role are shown without being asked for.
  showGrants: () => Promise.resolve('SHOW GRANTS'),
  readSettings,
  loadSettings,
  needs: privilegeNeeds,
  currentPoint,
  logCoverage,
  lockDefinitions,
  openSnapshot,
  holdStill,
  setGtidState,
}
