// Which schemas and tables get other names, and what a name of the backup becomes by that.
import { HoldfastError } from '../../core/errors.ts'
import { formatTableName } from '../../core/name-list.ts'
import type { TableName } from '../../instance/instance-facts.ts'
import type { SchemaContent } from '../content.ts'

export interface RenameRules {
  readonly schemas: readonly { readonly from: string; readonly to: string }[]
  /** Also views and sequences. */
  readonly tables: readonly { readonly from: TableName; readonly to: TableName }[]
}

/** Schemas that no restore may write to. */
const systemSchemas = new Set(['mysql', 'information_schema', 'performance_schema', 'sys'])

export class Renames {
  readonly #schemas: ReadonlyMap<string, string>
  readonly #tables: ReadonlyMap<string, TableName>
  /** All old schemas of which something gets another name. */
  readonly #touched: ReadonlySet<string>
  readonly #isFolded: boolean

  /** @param isFolded names of schemas and tables are alike whatever their case (lower_case_table_names) */
  constructor({ schemas, tables }: RenameRules, isFolded: boolean) {
    this.#isFolded = isFolded
    this.#schemas = new Map(schemas.map(({ from, to }) => [this.#fold(from), to]))
    this.#tables = new Map(tables.map(({ from, to }) => [this.#key(from), to]))
    this.#touched = new Set(
      [...schemas.map(({ from }) => from), ...tables.map(({ from }) => from.schema)].map((name) =>
        this.#fold(name),
      ),
    )
  }

  schema(name: string): string {
    return this.#schemas.get(this.#fold(name)) ?? name
  }

  table(name: TableName): TableName {
    return this.#tables.get(this.#key(name)) ?? { schema: this.schema(name.schema), name: name.name }
  }

  isRenamedTable(name: TableName): boolean {
    return this.#tables.has(this.#key(name))
  }

  /** Whether a name that begins with this schema may mean something else now. */
  touches(schema: string): boolean {
    return this.#touched.has(this.#fold(schema))
  }

  #key({ schema, name }: TableName): string {
    return this.#fold(`${schema}\0${name}`)
  }

  #fold(name: string): string {
    return this.#isFolded ? name.toLowerCase() : name
  }
}

/** @throws HoldfastError USAGE for a name that is not restored, one that a schema of the server has, and two things with one name */
export function checkRenames({ schemas, tables }: RenameRules, restored: readonly SchemaContent[]): void {
  const names = new Map(restored.map((schema) => [schema.name, relationsOf(schema)]))
  for (const { from } of schemas) if (!names.has(from)) throw refuse(`schema ${from} is not restored`)
  for (const { from } of tables) {
    if (names.get(from.schema)?.has(from.name) !== true)
      throw refuse(`table ${formatTableName(from)} is not restored`)
  }
  for (const to of [...schemas.map(({ to }) => to), ...tables.map(({ to }) => to.schema)]) {
    if (systemSchemas.has(to.toLowerCase())) throw refuse(`schema ${to} belongs to the server`)
  }
  const from = schemas.map((rule) => rule.from)
  const targets = [
    ...schemas.map(({ to }) => to),
    ...[...names.keys()].filter((name) => !from.includes(name)),
  ]
  refuseTwice(from, 'is renamed twice')
  refuseTwice(targets, 'would be the name of two schemas')
  refuseTwice(
    tables.map((rule) => formatTableName(rule.from)),
    'is renamed twice',
  )
  const moved = new Set(tables.map((rule) => formatTableName(rule.from)))
  const relations = [...names].flatMap(([schema, all]) => [...all].map((name) => ({ schema, name })))
  const staying = relations.filter((name) => !moved.has(formatTableName(name))).map(formatTableName)
  refuseTwice([...tables.map(({ to }) => formatTableName(to)), ...staying], 'would be the name of two tables')
}

function relationsOf({ tables, views, sequences }: SchemaContent): ReadonlySet<string> {
  return new Set([...tables, ...views, ...sequences].map(({ name }) => name))
}

function refuseTwice(names: readonly string[], problem: string): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw refuse(`${twice} ${problem}`)
}

function refuse(problem: string): HoldfastError {
  return new HoldfastError(
    'USAGE',
    `--rename: ${problem}`,
    {},
    { hint: 'Write it as --rename old:new, or --rename old.t:new.u.' },
  )
}
