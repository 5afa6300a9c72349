// The sections of a script in the order in which they must run, as text for plain clients; rows are for others to write.
import { loadMode } from '../../instance/load-mode.ts'
import { quoteName } from '../../instance/sql-text.ts'
import type { CodeContent, SchemaContent } from '../content.ts'
import { afterCode, codeOf, codeSteps, sequenceStatements, tableStatement } from '../definition-statements.ts'
import { isReadOnly, setReadOnly } from '../read-only-schemas.ts'
import { codeText, plainStatement } from './client-text.ts'
import type { GrantedView, ScriptPlan } from './script-plan.ts'

/**
 * Accounts before what they are definers of; rows before triggers, which would act on them; grants before views, for a view on another needs
 * what the definer of that one may do, and those on a view behind it; events when all is there, because they run at once; and last what
 * may be refused.
 */
export const sectionNames = [
  'accounts',
  'schemas',
  'sequences',
  'tables',
  'rows',
  'routines',
  'grants',
  'views',
  'triggers',
  'events',
  'last',
] as const

export type SectionName = (typeof sectionNames)[number]
export type DefinitionSection = Exclude<SectionName, 'rows'>

/** Empty for a section that has nothing. */
export function sectionText(plan: ScriptPlan, section: DefinitionSection): Iterable<Buffer> {
  if (plan.isDataOnly === true) return []
  return sections[section](plan)
}

/** What a piece of a script must say before anything else. */
export function settingsText(plan: ScriptPlan): Buffer {
  return Buffer.concat(plan.settings.map(plainStatement))
}

const sections: Readonly<Record<DefinitionSection, (plan: ScriptPlan) => Iterable<Buffer>>> = {
  accounts: ({ accounts }) => accounts.create.map(plainStatement),
  schemas: ({ schemas }) => schemas.map((schema) => plainStatement(createSchema(schema))),
  *sequences({ schemas }) {
    for (const schema of schemas.filter(({ sequences: all }) => all.length > 0)) {
      yield useSchema(schema.name)
      yield* sequenceStatements(schema).map(plainStatement)
    }
  },
  *tables({ schemas }) {
    for (const schema of schemas.filter(({ tables }) => tables.length > 0)) {
      yield useSchema(schema.name)
      for (const table of schema.tables) yield plainStatement(tableStatement(table))
    }
  },
  routines: ({ schemas }) =>
    trusting(
      schemas.flatMap((schema) => schema.routines),
      code(schemas.map((schema) => [schema, codeOf(schema, 'routines')])),
    ),
  grants: ({ accounts }) => accounts.grant.map(plainStatement),
  views: ({ views }) => viewsText(views),
  triggers: ({ schemas }) => code(schemas.map((schema) => [schema, codeOf(schema, 'triggers')])),
  events: ({ schemas }) => code(schemas.map((schema) => [schema, codeOf(schema, 'events')])),
  *last({ schemas, lateViews }) {
    yield* viewsText(lateViews)
    // Nothing can be made in one that is.
    for (const { name } of schemas.filter(isReadOnly)) yield plainStatement(setReadOnly(name, true))
  },
}

export function useSchema(schema: string): Buffer {
  return plainStatement(`USE ${quoteName(schema)}`)
}

/** Tables that are there already stop a script, a schema alone does not. */
function createSchema({ ddl }: SchemaContent): string {
  return ddl.replace(/^CREATE DATABASE /, 'CREATE DATABASE IF NOT EXISTS ')
}

function* viewsText(views: readonly GrantedView[]): Generator<Buffer> {
  for (const { schema, view, grants } of views) {
    yield* code([[schema, [view]]])
    yield* grants.map(plainStatement)
  }
}

function* code(
  groups: readonly (readonly [schema: SchemaContent, parts: readonly CodeContent[]])[],
): Generator<Buffer> {
  let isAny = false
  for (const [schema, parts] of groups) {
    isAny ||= parts.length > 0
    for (const step of codeSteps(schema, parts)) yield codeText(step)
  }
  if (isAny) yield* afterCode({ sqlMode: loadMode }).map(plainStatement)
}

// As SHOW CREATE FUNCTION writes them, each on a line of its own.
const saysWhatItDoes = /^ {4}(?:DETERMINISTIC|NO SQL|READS SQL DATA|MODIFIES SQL DATA)$/m

/** Servers with a binary log refuse functions that do not say whether they write (ER_BINLOG_UNSAFE_ROUTINE), unless they trust. */
function* trusting(parts: readonly CodeContent[], text: Iterable<Buffer>): Generator<Buffer> {
  const isTrusted = parts.some(
    ({ kind, statement }) =>
      kind === 'function' && !(typeof statement === 'string' && saysWhatItDoes.test(statement)),
  )
  if (isTrusted) {
    yield plainStatement('SET @holdfast_trust = @@GLOBAL.log_bin_trust_function_creators')
    yield plainStatement('SET GLOBAL log_bin_trust_function_creators = 1')
  }
  yield* text
  if (isTrusted) yield plainStatement('SET GLOBAL log_bin_trust_function_creators = @holdfast_trust')
}
