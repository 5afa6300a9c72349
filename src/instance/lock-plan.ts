// Which locks a backup would take on a server, in words: for whoever must know before.
import type { LockChoice } from './consistent-snapshot.ts'
import { hasGlobalPrivilege } from './grants.ts'
import type { InstanceFacts } from './instance-facts.ts'
import { isLockOfTablesSpared } from './lock-free.ts'
import type { LockBounds } from './lock-wait.ts'

export interface PlannedLock {
  /** The statement, or how it goes without one. */
  readonly statement: string
  /** What it is for, and what others feel of it. */
  readonly effect: string
}

export interface LockPlan {
  readonly locks: readonly PlannedLock[]
  /** What is done instead when the first choice cannot be had, in order. */
  readonly otherwise: readonly PlannedLock[]
}

export interface LockPlanRequest {
  readonly facts: InstanceFacts
  readonly locks: LockChoice
  readonly bounds: LockBounds
  readonly nonTransactional: number
}

export function lockPlan(request: LockPlanRequest): LockPlan {
  const { facts, locks } = request
  const ddl = locks === 'none' ? [comparedDefinitions] : definitionLock(facts)
  if (locks === 'all-tables') return { locks: [...ddl, globalReadLock(request)], otherwise: [] }
  const rows = locks === 'none' ? unlockedRows(facts) : rowLocks(request)
  return { locks: [...ddl, ...rows.slice(0, 1), ...tableLocks(request)], otherwise: rows.slice(1) }
}

const comparedDefinitions: PlannedLock = {
  statement: 'no lock on definitions',
  effect: 'definitions are read twice; if DDL came between, the backup fails with TABLE_CHANGED',
}

function definitionLock({ flavour, grants }: InstanceFacts): readonly PlannedLock[] {
  const isMysql = flavour === 'mysql'
  if (!hasGlobalPrivilege(grants, isMysql ? 'BACKUP_ADMIN' : 'RELOAD')) return [comparedDefinitions]
  return isMysql
    ? [
        {
          statement: 'LOCK INSTANCE FOR BACKUP',
          effect: 'until the backup is done: DDL and account statements wait, rows do not',
        },
      ]
    : [
        {
          statement: 'BACKUP STAGE START, BLOCK_DDL',
          effect: 'until the backup is done: DDL, and writes to tables without transactions, wait',
        },
      ]
}

function globalReadLock({ bounds }: LockPlanRequest): PlannedLock {
  return {
    statement: 'FLUSH TABLES WITH READ LOCK',
    effect: `until everything is read: all writes and commits wait; ${waits(bounds)}`,
  }
}

function rowLocks(request: LockPlanRequest): readonly PlannedLock[] {
  const { facts, bounds } = request
  const flush = {
    statement: 'FLUSH TABLES WITH READ LOCK',
    effect: `for milliseconds, while the sessions begin: all writes and commits wait; ${waits(bounds)}`,
  }
  const tables = {
    statement: 'LOCK TABLES … READ',
    effect: `for milliseconds, while the sessions begin: writes to the tables of the backup wait; ${waits(bounds)}`,
  }
  const mayFlush = hasGlobalPrivilege(facts.grants, 'RELOAD') ? [flush] : []
  // Of any schema: which ones are asked for is not known here.
  const mayLock = facts.grants.some((line) => /^GRANT [^`]*\b(?:LOCK TABLES|ALL PRIVILEGES)\b/.test(line))
  const isNeeded = mayLock || !isLockOfTablesSpared(facts)
  const mayLockTables = isNeeded ? [tables] : []
  return facts.flavour === 'mariadb'
    ? [...(facts.binlog.isOn ? unlockedRows(facts) : []), ...mayFlush, ...mayLockTables]
    : [...mayFlush, ...mayLockTables, ...unlockedRows(facts)]
}

function unlockedRows({ flavour, binlog, gtidMode }: InstanceFacts): readonly PlannedLock[] {
  const place = 'no lock on rows'
  if (!binlog.isOn) return [{ statement: place, effect: 'one session alone: --threads 1' }]
  if (flavour === 'mariadb')
    return [
      { statement: place, effect: 'each session tells its place in the binary log; they must be equal' },
    ]
  return gtidMode === 'ON'
    ? [
        {
          statement: place,
          effect: 'gtid_executed must stand still, and no commit be under way, while the sessions begin',
        },
      ]
    : []
}

function tableLocks({ locks, nonTransactional, bounds }: LockPlanRequest): readonly PlannedLock[] {
  if (nonTransactional === 0) return []
  const tables = `${nonTransactional} ${nonTransactional === 1 ? 'table' : 'tables'} without transactions`
  if (locks === 'none')
    return [{ statement: `no lock on ${tables}`, effect: 'they may be of another moment than the rest' }]
  return [
    {
      statement: `LOCK TABLES … READ of ${tables}`,
      effect: `until they are read: writes to them wait; ${waits(bounds)}`,
    },
  ]
}

function waits({ waitSeconds, attempts, pauseMs }: LockBounds): string {
  return `tried ${attempts} times for at most ${waitSeconds} s, ${pauseMs / 1000} s apart, then the backup fails`
}
