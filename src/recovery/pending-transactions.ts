// Which of the archived transactions are applied: not those that the base has, nor those skipped, nor those applied before.

import { HoldfastError } from '../core/errors.ts'
import { GtidPosition, parseMariadbGtid } from '../core/gtid-position.ts'
import { containsTest } from '../core/gtid-state.ts'
import type { GtidState } from '../core/recovery-point.ts'
import type { ArchivedTransaction } from './apply/replay-failure.ts'
import type { ReplayPlan } from './restore-plan.ts'

/** `base` and `executed` are GTID states of one flavour: where the replay began, and where an earlier run of it got to. */
export interface Resumption {
  readonly base: GtidState
  readonly executed: GtidState
}

export async function* pendingTransactions(
  archived: AsyncIterable<ArchivedTransaction>,
  { skip, alreadyInBase }: Pick<ReplayPlan, 'skip' | 'alreadyInBase'>,
  resumption?: Resumption,
): AsyncGenerator<ArchivedTransaction> {
  const skipped = new Set(skip.map(({ gtid }) => gtid))
  const isInBase = alreadyInBase === undefined ? () => false : containsTest(alreadyInBase.state)
  const applied = resumption === undefined ? undefined : appliedTest(resumption)
  for await (const each of archived) {
    const { gtid } = each.transaction.group
    if (gtid !== undefined && (skipped.has(gtid) || isInBase(gtid) || applied?.test(gtid) === true)) continue
    yield each
  }
  const missing = applied?.missing() ?? ''
  if (missing !== '') {
    throw new HoldfastError(
      'ARCHIVE_DIVERGED',
      `the target has executed ${missing}, which the archive does not hold`,
      {
        gtid: missing,
      },
    )
  }
}

interface AppliedTest {
  test(gtid: string): boolean
  /** What was applied before and has not come by. */
  missing(): string
}

function appliedTest({ base, executed }: Resumption): AppliedTest {
  if (executed.flavour === 'mysql') return { test: containsTest(executed), missing: () => '' }
  // Within a domain the order of the log counts, not the number: everything up to the very GTID has been applied.
  const awaited = new Map<number, string>()
  const start = GtidPosition.parse(base.text)
  for (const gtid of GtidPosition.parse(executed.text).gtids()) {
    const { domainId, serverId, sequence } = gtid
    const before = start.domain(domainId)
    if (before?.serverId === serverId && before.sequence === sequence) continue
    awaited.set(domainId, `${domainId}-${serverId}-${sequence}`)
  }
  return {
    test: (text) => {
      const { domainId } = parseMariadbGtid(text)
      const last = awaited.get(domainId)
      if (last === text) awaited.delete(domainId)
      return last !== undefined
    },
    missing: () => [...awaited.values()].join(','),
  }
}
