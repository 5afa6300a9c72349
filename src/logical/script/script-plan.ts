// What a script that plain clients run holds of a backup, and what it leaves out and tells.
import type { BackupOrigin, BackupSource } from '../../core/backup.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { dialectOf } from '../../instance/dialects.ts'
import { releaseNumber } from '../../instance/server-release.ts'
import {
  type AccountContent,
  type CodeContent,
  type LogicalContent,
  parseLogicalContent,
  type SchemaContent,
} from '../content.ts'
import { selectContent } from '../definition-statements.ts'
import { everything, isWhole, type Selection } from '../selection.ts'
import { inDependencyOrder, namesIn } from '../view-order.ts'

export interface SchemaView {
  readonly schema: SchemaContent
  readonly view: CodeContent
}

export interface ScriptPlan {
  readonly origin: BackupOrigin
  readonly point: RecoveryPoint
  readonly schemas: readonly SchemaContent[]
  /** Rows for tables that are there already. */
  readonly isDataOnly?: boolean
  /** Those that can be created, each after those that it names. */
  readonly views: readonly SchemaView[]
  readonly accounts: readonly AccountContent[]
  /** Statements that make a session load rows and definitions exactly. */
  readonly settings: readonly string[]
  readonly warnings: readonly string[]
}

/** Throws a ZodError when the backup is no logical one. */
export function planScript(backup: BackupSource, selection: Selection = everything): ScriptPlan {
  const content = parseLogicalContent(backup.content)
  const schemas = selectContent(content, selection)
  const { kept, warnings } = sortViews(content, schemas)
  const { flavour, serverVersion } = backup.origin
  const { required, optional } = dialectOf(flavour).loadSettings(releaseNumber(serverVersion))
  return {
    origin: backup.origin,
    point: backup.point,
    schemas,
    ...(content.parts === 'data' ? { isDataOnly: true } : {}),
    views: kept,
    accounts: selection.kind === 'everything' ? (content.accounts ?? []) : [],
    settings: [
      'SET NAMES utf8mb4',
      `SET SESSION ${required.join(', SESSION ')}`,
      ...optional.map((setting) => `SET SESSION ${setting}`),
    ],
    warnings,
  }
}

/** A plain client stops at the first view that cannot be created, so those that cannot be are found by their text. */
function sortViews(
  content: LogicalContent,
  schemas: readonly SchemaContent[],
): { readonly kept: readonly SchemaView[]; readonly warnings: readonly string[] } {
  const there = relationsOf(schemas)
  const known = relationsOf(content.schemas)
  const isPartial = !isWhole(content.selection)
  const knownSchemas = new Set(content.schemas.map(({ name }) => name))
  const isMissing = (schema: string, name: string) =>
    !there.has(keyOf(schema, name)) &&
    (known.has(keyOf(schema, name)) || (isPartial && knownSchemas.has(schema)))
  const kept: SchemaView[] = []
  const warnings: string[] = []
  const views = schemas.flatMap((schema) => schema.views.map((view) => ({ schema, view })))
  for (const item of inDependencyOrder(views)) {
    const { schema, view } = item
    const isCut = namesIn(view).some((name) => isMissing(name.schema, name.name))
    if (view.isValid !== false && !isCut) {
      kept.push(item)
      continue
    }
    // Views on this one come later and find it missing.
    there.delete(keyOf(schema.name, view.name))
    const reason = isCut ? 'refers to something that is not written' : 'was broken in the source'
    warnings.push(`view ${schema.name}.${view.name} ${reason} and is left out`)
  }
  return { kept, warnings }
}

function relationsOf(schemas: readonly SchemaContent[]): Set<string> {
  return new Set(
    schemas.flatMap((schema) =>
      [...schema.tables, ...schema.views, ...schema.sequences].map(({ name }) => keyOf(schema.name, name)),
    ),
  )
}

function keyOf(schema: string, name: string): string {
  return `${schema}\0${name}`
}
