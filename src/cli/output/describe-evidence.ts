// In words: whether a backup was ever recovered, and what that has shown.
import { counted } from '../../core/counted.ts'
import { formatDuration } from '../../core/duration.ts'
import { describePoint } from '../../core/point-text.ts'
import { isProof, type RecoveryEvidence } from '../../core/recovery-evidence.ts'
import type { LastEvidence } from '../../operations/last-evidence.ts'
import { formatTime } from './time.ts'

/** Some are named; --json has them all. */
const shownProblems = 5

/** Name and value pairs for formatFields. */
export function evidenceFields({
  evidence,
  brokenOff,
}: LastEvidence): readonly (readonly [string, string])[] {
  if (evidence === undefined) return []
  const later = brokenOff === undefined ? [] : [['tried again', outcomeText(brokenOff)] as const]
  return [['recovered', outcomeText(evidence)], ...foundFields(evidence), ...later]
}

function outcomeText({ triedAt, seconds, serverVersion, outcome }: RecoveryEvidence): string {
  const how = `${formatTime(triedAt)}, by ${serverVersion}, in ${formatDuration(seconds * 1000)}`
  if (outcome.kind === 'failed') return `NOT, at ${how}: ${outcome.why}`
  if (outcome.kind === 'broken-off') return `not to an end, at ${how}: ${outcome.why}`
  const { tables, problems } = outcome
  const found = problems.length === 0 ? 'all sound' : counted(problems.length, 'problem')
  return `${how}: ${counted(tables, 'table')} checked, ${found}`
}

function foundFields({ outcome }: RecoveryEvidence): readonly (readonly [string, string])[] {
  if (outcome.kind !== 'recovered') return []
  const { point, problems } = outcome
  return [
    [
      'exact point',
      `${describePoint(point)}${point.gtid === undefined ? '' : `, GTID ${point.gtid.text || '(none)'}`}`,
    ],
    ...problems
      .slice(0, shownProblems)
      .map(({ table, problem }) => ['DAMAGED', `${table}: ${problem}`] as const),
  ]
}

/** For a column: when it was proven to come back, that it does not, or that nobody knows. */
export function evidenceCell(evidence: RecoveryEvidence): string {
  if (evidence.outcome.kind === 'broken-off') return 'NOT RECOVERED'
  return isProof(evidence) ? formatTime(evidence.triedAt) : 'DAMAGED'
}
