// `holdfast show`: one backup in full.
import { formatTableName } from '../../core/name-list.ts'
import { type ObjectSummary, showBackup } from '../../operations/show-backup.ts'
import { repositoryAccess, requiredSource } from '../access.ts'
import { formatBytes } from '../output/byte-size.ts'
import { backupFields } from '../output/describe-backup.ts'
import { groupDigits } from '../output/progress-text.ts'
import { formatFields, formatTable } from '../output/table.ts'
import type { VerbRun } from '../verb.ts'

// A backup may have a hundred thousand tables; --json has them all.
const maxObjectsShown = 40

export const run: VerbRun = async (context) => {
  const [, backup] = context.arguments
  const report = await showBackup(
    { access: repositoryAccess(context), source: requiredSource(context), backup },
    context.signal,
  )
  const largest = report.objects.toSorted((a, b) => b.sizeBytes - a.sizeBytes)
  const table = formatTable(
    [{ title: 'OBJECT' }, { title: 'ROWS', isNumber: true }, { title: 'SIZE', isNumber: true }],
    largest
      .slice(0, maxObjectsShown)
      .map((object) => [objectText(object), groupDigits(object.rows), formatBytes(object.sizeBytes)]),
  )
  const rest = largest.length - maxObjectsShown
  const parts = [
    formatFields([['instance', report.source], ...backupFields(report.summary)]),
    '',
    table,
    ...(rest > 0 ? [`and ${groupDigits(rest)} smaller ones`] : []),
    '',
    `Next: holdfast restore ${report.source} --backup ${report.summary.id} --target mysql://user@host/ --dry-run`,
  ]
  return {
    text: parts.join('\n'),
    json: { source: report.source, backup: report.summary, objects: report.objects },
  }
}

/** A table as --tables takes it. */
function objectText({ table, name }: ObjectSummary): string {
  return table === undefined ? name : formatTableName(table)
}
