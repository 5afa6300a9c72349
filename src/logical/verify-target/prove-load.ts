// The proof of a load: every difference is told, and any of them is a failure.
import { HoldfastError } from '../../core/errors.ts'
import { notCreatedView } from '../load-code.ts'
import { type TargetVerification, type VerifyTargetOptions, verifyTarget } from './verify-target.ts'

export interface ProofOptions extends VerifyTargetOptions {
  readonly backupId: string
  /** What the load told; views that it could not create are told there, besides what is in `notCreated`. */
  readonly loadWarnings: readonly string[]
}

const shownDifferences = 50

/** @throws HoldfastError VERIFY_FAILED when the target is not what the backup says */
export async function proveLoad(options: ProofOptions): Promise<TargetVerification> {
  const { backupId, loadWarnings, emit = () => undefined } = options
  const toldViews = loadWarnings.flatMap((text) => notCreatedView(text) ?? [])
  const notCreated = new Set([...toldViews, ...(options.notCreated ?? [])])
  const verification = await verifyTarget({ ...options, notCreated })
  const { differences, notes } = verification
  const told = new Set(loadWarnings)
  const lines = [
    ...notes.filter((note) => !told.has(note)),
    ...differences
      .slice(0, shownDifferences)
      .flatMap((one) => [one.text, ...(one.kind === 'rows' ? one.rows.map(({ text }) => text) : [])]),
  ]
  for (const message of lines) emit({ type: 'notice', level: 'warning', message })
  const [first] = differences
  if (first === undefined) return verification
  // What another load would bring back.
  const isLoadable = differences.some(({ kind }) => kind !== 'computed')
  const others = differences.length === 1 ? '' : `, and ${differences.length - 1} more`
  throw new HoldfastError(
    'VERIFY_FAILED',
    `the target does not hold what backup ${backupId} says: ${first.text}${others}`,
    { backup: backupId, differences: differences.length, isLoadable },
    {
      hint: isLoadable
        ? 'Do not use this target; empty it and restore again. What differs is named above.'
        : 'Restoring again will not change this: the values depend on the sql_mode of the writer. Restore without --verify to accept them.',
    },
  )
}
