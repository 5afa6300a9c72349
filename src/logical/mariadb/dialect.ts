// MariaDB's side of dump and load.
import type { LogicalDialect } from '../dialect.ts'
import { accountScript } from './account-script.ts'
import { giveUpRoles, readAccounts } from './accounts.ts'
import { columnPlan, history, isGenerated } from './columns.ts'
import { withoutPassword } from './grant-text.ts'
import { readMembers } from './members.ts'
import { readNotCarried } from './not-carried.ts'
import { replicaStatements } from './replica-statements.ts'
import { readSequence } from './sequences.ts'
import { unseenRoutines } from './unseen-routines.ts'

export const mariadbDialect: LogicalDialect = {
  systemSchemas: ['mysql', 'information_schema', 'performance_schema', 'sys'],
  innodbTables: 'INNODB_SYS_TABLES',
  columnPlan,
  isGenerated,
  history,
  // A package body needs its package.
  routineKinds: [
    { kind: 'package', sqlName: 'PACKAGE' },
    { kind: 'package body', sqlName: 'PACKAGE BODY' },
    { kind: 'procedure', sqlName: 'PROCEDURE' },
    { kind: 'function', sqlName: 'FUNCTION' },
  ],
  readSequence,
  unseenRoutines,
  readMembers,
  readAccounts,
  // It has no partial revokes.
  refuseMoreRights: () => Promise.resolve(),
  grantText: withoutPassword,
  giveUpRoles,
  accountScript,
  replicaStatements,
  readNotCarried,
}
