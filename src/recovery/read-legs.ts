// The archived transactions of a replay, over all timelines that it goes through.
import type { Archive, ArchivedTransaction } from '../archive/archive.ts'
import type { ReplayPlan } from './restore-plan.ts'

/** Throws what reading the archive throws: ARCHIVE_GAP, VERIFY_FAILED. */
export async function* readLegs(
  archive: Pick<Archive, 'readTransactions'>,
  { legs }: Pick<ReplayPlan, 'legs'>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArchivedTransaction> {
  for (const leg of legs) yield* archive.readTransactions({ ...leg, signal })
}
