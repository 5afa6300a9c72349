// `holdfast show`: one backup in full.

import { formatBytes } from '../../core/byte-size.ts'
import { formatTableName } from '../../core/name-list.ts'
import {
  type BackupReport,
  type FilterReport,
  type ObjectSummary,
  showBackup,
} from '../../operations/show-backup.ts'
import { repositoryAccess, requiredSource } from '../access.ts'
import { backupFields } from '../output/describe-backup.ts'
import { evidenceFields } from '../output/describe-evidence.ts'
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
  const counts = [
    { title: 'ROWS', isNumber: true },
    { title: 'SIZE', isNumber: true },
    ...(report.before === undefined ? [] : [{ title: 'GROWTH', isNumber: true }]),
  ]
  const cells = (part: { rows: number; sizeBytes: number; grownBytes?: number }) => [
    groupDigits(part.rows),
    formatBytes(part.sizeBytes),
    ...(report.before === undefined ? [] : [growth(part.grownBytes)]),
  ]
  const table = formatTable(
    [{ title: 'OBJECT' }, ...counts],
    largest.slice(0, maxObjectsShown).map((object) => [objectText(object), ...cells(object)]),
  )
  const schemas = formatTable(
    [{ title: 'SCHEMA' }, { title: 'TABLES', isNumber: true }, ...counts],
    report.schemas.map((schema) => [schema.schema, groupDigits(schema.tables), ...cells(schema)]),
  )
  const { gone = [] } = report
  const moreGone =
    gone.length <= maxObjectsShown ? '' : ` and ${groupDigits(gone.length - maxObjectsShown)} more`
  const rest = largest.length - maxObjectsShown
  const parts = [
    formatFields([
      ['instance', report.source],
      ...backupFields(report.summary),
      ...evidenceFields(report.tried),
      ...(report.snapshot === undefined ? [] : [['one moment', snapshotText(report.snapshot)] as const]),
      ...(report.filters === undefined ? [] : filterFields(report.filters)),
      ...(report.setup === undefined ? [] : [['not held', report.setup.join(', ')] as const]),
    ]),
    ...(report.before === undefined ? [] : [`growth is since backup ${report.before}`]),
    ...(gone.length === 0
      ? []
      : [`gone since then: ${gone.slice(0, maxObjectsShown).map(formatTableName).join(', ')}${moreGone}`]),
    ...(report.schemas.length < 2 ? [] : ['', schemas]),
    '',
    table,
    ...(rest > 0 ? [`and ${groupDigits(rest)} smaller ones`] : []),
    '',
    `Next: holdfast restore ${report.source} --backup ${report.summary.id} ${report.summary.kind === 'physical' ? '--datadir DIR' : '--target mysql://user@host/'} --dry-run`,
  ]
  return {
    text: parts.join('\n'),
    json: {
      source: report.source,
      backup: report.summary,
      ...report.tried,
      ...(report.before === undefined ? {} : { before: report.before, gone }),
      ...(report.filters === undefined ? {} : { filters: report.filters }),
      ...(report.snapshot === undefined ? {} : { snapshot: report.snapshot }),
      ...(report.setup === undefined ? {} : { setup: report.setup }),
      schemas: report.schemas,
      objects: report.objects,
    },
  }
}

/** `+1.2 MiB`; `new` for what the backup before did not have. */
function growth(bytes: number | undefined): string {
  if (bytes === undefined) return 'new'
  if (bytes === 0) return '0 B'
  return bytes < 0 ? `-${formatBytes(-bytes)}` : `+${formatBytes(bytes)}`
}

/** A table as --tables takes it. */
function objectText({ table, name }: ObjectSummary): string {
  return table === undefined ? name : formatTableName(table)
}

/** `by binlog-snapshot, writes held up for 0 ms, definitions locked`, or `on btrfs, by …`; docs/guide/locks.md tells what that means. */
function snapshotText(snapshot: NonNullable<BackupReport['snapshot']>): string {
  const held = `by ${snapshot.rung}, writes held up for ${groupDigits(snapshot.heldMs)} ms`
  if ('definitions' in snapshot) return `${held}, definitions ${snapshot.definitions}`
  return snapshot.driver === undefined ? held : `on ${snapshot.driver}, ${held}`
}

const partTexts = { structure: 'definitions without rows', data: 'rows of tables only' } as const

function filterFields({ parts, excluded, where, masks }: FilterReport): (readonly [string, string])[] {
  return [
    ...(parts === undefined ? [] : [['holds', partTexts[parts]] as const]),
    ...(excluded.length === 0 ? [] : [['left out', excluded.join(', ')] as const]),
    ...where.map(({ table, condition }) => ['only rows', `of ${table} where ${condition}`] as const),
    ...masks.map(({ column, method }) => ['masked', `${column} by ${method}`] as const),
  ]
}
