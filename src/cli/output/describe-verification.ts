// What was compared between a server and a backup, and what differs, for people.

import { formatBytes } from '../../core/byte-size.ts'
import { counted } from '../../core/counted.ts'
import type { TargetVerification } from '../../operations/verify-target.ts'

export function describeCompared({ rows, tables, bytes, definitions }: TargetVerification): string {
  return `${counted(rows, 'row')} of ${counted(tables, 'table')} (${formatBytes(bytes)}) and ${counted(definitions, 'definition')}`
}

// More is in the JSON.
const shownDifferences = 50

export function describeDifferences({ differences }: TargetVerification): readonly string[] {
  const rest = differences.length - shownDifferences
  return [
    ...differences
      .slice(0, shownDifferences)
      .flatMap((one) => [
        `  ${one.text}`,
        ...(one.kind === 'rows' ? one.rows.map((row) => `    ${row.text}`) : []),
      ]),
    ...(rest > 0 ? [`  and ${counted(rest, 'more difference')}`] : []),
  ]
}
