// What tries of a backup have shown, for those who list and show backups.
import { isHoldfastError } from '../core/errors.ts'
import type { RecoveryEvidence } from '../core/recovery-evidence.ts'
import type { SourceRepository } from '../repository/source-repository.ts'

export interface LastEvidence {
  /** Of the last try that came to an end; of the last one where none did. */
  readonly evidence?: RecoveryEvidence
  /** A later try, which did not come to an end: what was found before holds on. */
  readonly brokenOff?: RecoveryEvidence
}

/**
 * `keys` as listEvidence has them. Nothing where there was no try, and where what tells of it is damaged: that is for `verify` to tell, and no damage to the
 * backup.
 */
export async function lastEvidence(
  source: Pick<SourceRepository, 'readEvidence'>,
  keys: readonly string[] = [],
  signal: AbortSignal,
): Promise<LastEvidence> {
  let brokenOff: RecoveryEvidence | undefined
  try {
    for (const key of keys.toReversed()) {
      const evidence = await source.readEvidence(key, signal)
      if (evidence.outcome.kind !== 'broken-off')
        return { evidence, ...(brokenOff === undefined ? {} : { brokenOff }) }
      brokenOff ??= evidence
    }
  } catch (error) {
    if (!isHoldfastError(error, 'VERIFY_FAILED')) throw error
  }
  return brokenOff === undefined ? {} : { evidence: brokenOff }
}
