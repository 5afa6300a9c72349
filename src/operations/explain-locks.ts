// Use case: say which locks a backup would take, and take none.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { LockChoice } from '../instance/consistent-snapshot.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import { type LockPlan, lockPlan } from '../instance/lock-plan.ts'
import { lockBoundsOf } from '../instance/lock-wait.ts'
import { selectsTable } from '../logical/selection.ts'
import { Connection } from '../wire/connection.ts'
import { type PartsRequest, parseSelection } from './parse-selection.ts'

export type { LockChoice } from '../instance/consistent-snapshot.ts'
export type { PlannedLock } from '../instance/lock-plan.ts'

export interface LockQuestion extends PartsRequest {
  readonly settings: ConnectionSettings
  /** Then no row is read. */
  readonly isStructureOnly?: boolean | undefined
  readonly locks: LockChoice
  /** Of one attempt. */
  readonly lockWaitSeconds?: number | undefined
}

/** Throws what connecting throws, and USAGE for a selection that cannot be. */
export async function explainLocks(question: LockQuestion, signal: AbortSignal): Promise<LockPlan> {
  const selection = parseSelection(question)
  await using connection = await Connection.open(question.settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  const plain = facts.nonTransactionalTables.filter(
    ({ schema, name }) => question.isStructureOnly !== true && selectsTable(selection, schema, name),
  )
  return lockPlan({
    facts,
    locks: question.locks,
    bounds: lockBoundsOf(question.lockWaitSeconds),
    nonTransactional: plain.length,
  })
}

/** Throws USAGE for both at once. */
export function lockChoice(noLocks: boolean, lockAllTables: boolean): LockChoice {
  if (noLocks && lockAllTables) {
    throw new HoldfastError('USAGE', '--no-locks and --lock-all-tables exclude each other')
  }
  if (noLocks) return 'none'
  return lockAllTables ? 'all-tables' : 'auto'
}
