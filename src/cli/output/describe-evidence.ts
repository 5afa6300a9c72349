// In words: whether a backup was ever recovered, and what that has shown.
import { counted } from '../../core/counted.ts'
import { describePoint } from '../../core/point-text.ts'
import { isProof, type RecoveryEvidence } from '../../core/recovery-evidence.ts'
import { formatDuration } from './duration.ts'
import { formatTime } from './time.ts'

/** Some are named; --json has them all. */
const shownProblems = 5

/** Name and value pairs for formatFields. */
export function evidenceFields(evidence: RecoveryEvidence): readonly (readonly [string, string])[] {
  const { triedAt, seconds, serverVersion, outcome } = evidence
  const how = `${formatTime(triedAt)}, by ${serverVersion}, in ${formatDuration(seconds * 1000)}`
  if (outcome.kind === 'failed') return [['recovered', `NOT, at ${how}: ${outcome.why}`]]
  const { point, tables, problems } = outcome
  const found = problems.length === 0 ? 'all sound' : counted(problems.length, 'problem')
  return [
    ['recovered', `${how}: ${counted(tables, 'table')} checked, ${found}`],
    [
      'exact point',
      `${describePoint(point)}${point.gtid === undefined ? '' : `, GTID ${point.gtid.text || '(none)'}`}`,
    ],
    ...problems
      .slice(0, shownProblems)
      .map(({ table, problem }) => ['DAMAGED', `${table}: ${problem}`] as const),
  ]
}

/** For a column: when it was proven to come back, or that it does not. */
export function evidenceCell(evidence: RecoveryEvidence): string {
  return isProof(evidence) ? formatTime(evidence.triedAt) : 'DAMAGED'
}
