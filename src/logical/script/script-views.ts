// The views of a script in their order: a plain client stops at the first that cannot be created, so those are found by their text.
import type { AccountContent, CodeContent, LogicalContent, SchemaContent } from '../content.ts'
import { type CodeDefiner, definerOf, definerText, isInvokersView } from '../definers.ts'
import { isWhole } from '../selection.ts'
import { inDependencyOrder, namesIn } from '../view-order.ts'

export interface SchemaView {
  readonly schema: SchemaContent
  readonly view: CodeContent
}

export interface ViewPlan {
  /** Those that can be created, each after those that it names. */
  readonly views: readonly SchemaView[]
  /** Those that may be refused. */
  readonly lateViews: readonly SchemaView[]
  readonly warnings: readonly string[]
}

/** @param accounts that the script makes; undefined where it makes none */
export function planViews(
  content: LogicalContent,
  schemas: readonly SchemaContent[],
  accounts: readonly AccountContent[] | undefined,
): ViewPlan {
  const there = relationsOf(schemas)
  const known = relationsOf(content.schemas)
  const isPartial = !isWhole(content.selection)
  const knownSchemas = new Set(content.schemas.map(({ name }) => name))
  const isMissing = (schema: string, name: string) =>
    !there.has(keyOf(schema, name)) &&
    (known.has(keyOf(schema, name)) || (isPartial && knownSchemas.has(schema)))
  const definers = new Set([...ownDefiners, ...(accounts ?? []).map(accountText)])
  const isLost = (definer: CodeDefiner) => !definers.has(definerText(definer))
  /** What is wrong with what is on these views. */
  const shaky = new Map<string, string>()
  const views: SchemaView[] = []
  const lateViews: SchemaView[] = []
  const warnings: string[] = []
  const all = schemas.flatMap((schema) => schema.views.map((view) => ({ schema, view })))
  for (const item of inDependencyOrder(all)) {
    const { schema, view } = item
    const name = `${schema.name}.${view.name}`
    const names = namesIn(view)
    const key = keyOf(schema.name, view.name)
    const isCut = names.some((used) => isMissing(used.schema, used.name))
    const why = names
      .map((used) => shaky.get(keyOf(used.schema, used.name)))
      .find((reason) => reason !== undefined)
    if (view.isValid === false || isCut || (why !== undefined && accounts !== undefined)) {
      // Views on this one come later and find it missing.
      there.delete(key)
      const reason = isCut ? 'refers to something that is not written' : (why ?? 'was broken in the source')
      warnings.push(`view ${name} ${reason} and is left out`)
      continue
    }
    const definer = definerOf(view)
    if (why !== undefined) {
      lateViews.push(item)
      shaky.set(key, `is on ${name}, which comes last`)
      warnings.push(`view ${name} ${why}, and comes last: it may be refused`)
      continue
    }
    views.push(item)
    if (definer !== undefined && isLost(definer) && !isInvokersView(view))
      shaky.set(key, `is on ${name}, whose definer ${definerText(definer)} the script does not make`)
  }
  return { views, lateViews, warnings }
}

/** Every server has these. */
const ownDefiners = ['root@localhost', 'mysql.sys@localhost', 'mariadb.sys@localhost']

/** Only roles of MariaDB have no host. */
function accountText({ user, host }: AccountContent): string {
  return definerText(host === '' ? { user } : { user, host })
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
