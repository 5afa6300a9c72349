// MySQL's side of dump and load.
import { HoldfastError } from '../../core/errors.ts'
import type { LogicalDialect } from '../dialect.ts'
import { accountScript } from './account-script.ts'
import { readAccounts } from './accounts.ts'
import { columnPlan, isGenerated } from './columns.ts'
import { readMembers } from './members.ts'
import { readNotCarried } from './not-carried.ts'
import { refuseMoreRights } from './partial-revokes.ts'
import { replicaStatements } from './replica-statements.ts'
import { unseenRoutines } from './unseen-routines.ts'

export const mysqlDialect: LogicalDialect = {
  systemSchemas: ['mysql', 'information_schema', 'performance_schema', 'sys', 'ndbinfo'],
  innodbTables: 'INNODB_TABLES',
  columnPlan,
  isGenerated,
  history: () => ({ kind: 'none' }),
  routineKinds: [
    { kind: 'procedure', sqlName: 'PROCEDURE' },
    { kind: 'function', sqlName: 'FUNCTION' },
  ],
  readSequence: (_, schema, name) =>
    Promise.reject(
      new HoldfastError('UNSUPPORTED', `MySQL has no sequences, and yet ${schema}.${name} is one`),
    ),
  unseenRoutines,
  readMembers,
  readAccounts,
  refuseMoreRights,
  grantText: (grant) => grant,
  // Who creates a role gets nothing by it.
  giveUpRoles: () => Promise.resolve(),
  accountScript,
  replicaStatements,
  readNotCarried,
}
