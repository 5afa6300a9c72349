// A whole backup as one SQL text that plain clients load, as mysqldump and mariadb-dump write it.
import type { BackupSource } from '../../core/backup.ts'
import type { EmitEvent } from '../../core/events.ts'
import { isoMicros } from '../../core/point-text.ts'
import { logicalDialectOf } from '../dialects.ts'
import { insertText } from './insert-text.ts'
import type { ScriptPlan } from './script-plan.ts'
import { sectionNames, sectionText, settingsText } from './sections.ts'

interface StreamOptions {
  readonly emit?: EmitEvent
  readonly signal?: AbortSignal
}

/** Ends with a comment that says so: text without it is not whole. */
export async function* sqlStream(
  plan: ScriptPlan,
  backup: BackupSource,
  { emit = () => undefined, signal }: StreamOptions = {},
): AsyncGenerator<Buffer> {
  yield comment(headLines(plan))
  yield settingsText(plan)
  for (const section of sectionNames) {
    yield comment(['', section])
    if (section !== 'rows') {
      for (const text of sectionText(plan, section)) yield text
      continue
    }
    let done = 0
    const total = plan.schemas.flatMap(({ tables }) => tables).reduce((sum, { rows }) => sum + rows, 0)
    for (const { name: schema, tables } of plan.schemas) {
      for (const table of tables) {
        for await (const text of insertText(backup, schema, table, signal)) yield text
        done += table.rows
        const detail = `${schema}.${table.name}`
        emit({ type: 'progress', phase: 'writing SQL', done, total, unit: 'rows', detail })
      }
    }
  }
  yield comment(['', 'Holdfast: complete'])
}

/** The moment, and what a replica needs to go on from it, as comments: whoever loads the text may not want a replica. */
export function headLines({ origin, point, warnings }: ScriptPlan): readonly string[] {
  const replica = logicalDialectOf(origin.flavour).replicaStatements(point)
  return [
    `Holdfast: ${origin.flavour} ${origin.serverVersion} as of ${isoMicros(point.timeMicros)}`,
    ...(replica.length === 0 ? [] : ['A replica made of it goes on with:']),
    ...replica.map((statement) => `  ${statement};`),
    ...warnings.map((warning) => `Warning: ${warning}`),
  ]
}

/** Names may hold line ends. */
export function comment(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `-- ${line.replaceAll(/[\r\n]/g, ' ')}`.trimEnd()).join('\n') + '\n')
}
