// What a script that plain clients run holds of a backup, and what it leaves out and tells.
import type { BackupOrigin, BackupSource } from '../../core/backup.ts'
import type { RecoveryPoint } from '../../core/recovery-point.ts'
import { dialectOf } from '../../instance/dialects.ts'
import { releaseNumber } from '../../instance/server-release.ts'
import { parseLogicalContent, type SchemaContent } from '../content.ts'
import { selectContent } from '../definition-statements.ts'
import type { AccountScript } from '../dialect.ts'
import { logicalDialectOf } from '../dialects.ts'
import { everything, type Selection } from '../selection.ts'
import { planGrants } from './script-grants.ts'
import { planNeeds } from './script-needs.ts'
import { planViews, type SchemaView } from './script-views.ts'

export interface GrantedView extends SchemaView {
  /** To be run when it is there. */
  readonly grants: readonly string[]
}

export interface ScriptPlan {
  readonly origin: BackupOrigin
  readonly point: RecoveryPoint
  readonly schemas: readonly SchemaContent[]
  /** Rows for tables that are there already. */
  readonly isDataOnly?: boolean
  /** Those that can be created, each after those that it names. */
  readonly views: readonly GrantedView[]
  /** Those that may be refused, where a client stops. */
  readonly lateViews: readonly GrantedView[]
  readonly accounts: AccountScript
  /** Statements that make a session load rows and definitions exactly. */
  readonly settings: readonly string[]
  readonly warnings: readonly string[]
}

/** Throws a ZodError when the backup is no logical one. */
export function planScript(backup: BackupSource, selection: Selection = everything): ScriptPlan {
  const content = parseLogicalContent(backup.content)
  const { flavour, serverVersion } = backup.origin
  const dialect = logicalDialectOf(flavour)
  const made = selection.kind === 'everything' ? content.accounts : undefined
  const roles = new Set((made ?? []).filter(({ isRole }) => isRole).map(({ user }) => user))
  const { schemas, warnings } = planNeeds(selectContent(content, selection), roles)
  const { views, lateViews, ...ofViews } = planViews(content, schemas, made)
  const grants = planGrants(made ?? [], {
    schemas,
    views: [...views, ...lateViews],
    systemSchemas: dialect.systemSchemas,
    server: content.server,
  })
  const granted = (view: SchemaView): GrantedView => ({ ...view, grants: grants.ofView(view) })
  const accounts = dialect.accountScript(grants.accounts)
  const { required, optional } = dialectOf(flavour).loadSettings(releaseNumber(serverVersion))
  return {
    origin: backup.origin,
    point: backup.point,
    schemas,
    ...(content.parts === 'data' ? { isDataOnly: true } : {}),
    views: views.map(granted),
    lateViews: lateViews.map(granted),
    accounts,
    settings: [
      'SET NAMES utf8mb4',
      `SET SESSION ${required.join(', SESSION ')}`,
      ...optional.map((setting) => `SET SESSION ${setting}`),
    ],
    warnings: [...warnings, ...ofViews.warnings, ...grants.warnings, ...accounts.warnings],
  }
}
