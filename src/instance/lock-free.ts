// Whether a backup may do without locking tables one by one.
import { hasGlobalPrivilege } from './grants.ts'
import type { InstanceFacts } from './instance-facts.ts'

/**
 * True where one lock serves for all tables, or where the binary log may tell one moment without any. It may still not: a commit may
 * always be under way; then the server's refusal of the lock ends the backup.
 */
export function isLockOfTablesSpared({
  flavour,
  binlog,
  gtidMode,
  grants,
  nonTransactionalTables,
}: InstanceFacts): boolean {
  // They have no moment but under a lock.
  if (nonTransactionalTables.length > 0) return false
  if (hasGlobalPrivilege(grants, 'RELOAD')) return true
  if (!binlog.isOn) return false
  return flavour === 'mysql' ? gtidMode === 'ON' : hasGlobalPrivilege(grants, 'BINLOG MONITOR')
}
