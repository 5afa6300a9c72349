// MySQL's side of every question an instance is asked.
import type { InstanceDialect } from '../dialect.ts'
import { activeRoles } from '../grants.ts'
import { currentPoint } from './current-point.ts'
import { setGtidState } from './gtid-state.ts'
import { logCoverage } from './log-coverage.ts'
import { privilegeNeeds } from './privileges.ts'
import { loadSettings, readSettings } from './session-settings.ts'
import { lockDefinitions, openSnapshot } from './snapshot.ts'
import { holdStill } from './still-lock.ts'

export const mysqlDialect: InstanceDialect = {
  flavour: 'mysql',
  oldestRelease: 80_000,
  facts: (variables) => ({
    serverUuid: variables.text('server_uuid'),
    gtidMode: variables.text('gtid_mode'),
  }),
  retentionSeconds: (variables) =>
    variables.get('binlog_expire_logs_auto_purge') === 'OFF'
      ? 0
      : variables.number('binlog_expire_logs_seconds'),
  showGrants: async (connection) => {
    const roles = await activeRoles(connection)
    return roles === undefined ? 'SHOW GRANTS' : `SHOW GRANTS FOR CURRENT_USER() USING ${roles}`
  },
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
