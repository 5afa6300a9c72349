// What the last try of a backup has shown, for those who list and show backups.
import { isHoldfastError } from '../core/errors.ts'
import type { RecoveryEvidence } from '../core/recovery-evidence.ts'
import type { SourceRepository } from '../repository/source-repository.ts'

/** `key` as listEvidence has it. Undefined where there was none, and where it is damaged: that is for `verify` to tell, and no damage to the backup. */
export async function lastEvidence(
  source: SourceRepository,
  key: string | undefined,
  signal: AbortSignal,
): Promise<RecoveryEvidence | undefined> {
  if (key === undefined) return undefined
  try {
    return await source.readEvidence(key, signal)
  } catch (error) {
    if (isHoldfastError(error, 'VERIFY_FAILED')) return undefined
    throw error
  }
}
