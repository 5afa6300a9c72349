// From the lists of schemas and tables that somebody gave to what is backed up or restored.
import { HoldfastError } from '../core/errors.ts'
import { parseName, parsePartName, parseTableName } from '../core/name-list.ts'
import type { Exclusion, Selection } from '../logical/selection.ts'

/** Names as people write them; everything where there are none. */
export interface PartsRequest {
  readonly schemas?: readonly string[] | undefined
  /** `schema.table`; only these, and none of the others. */
  readonly tables?: readonly string[] | undefined
  /** `schema` or `schema.table`, left out of everything or of the schemas. */
  readonly exclude?: readonly string[] | undefined
}

/** Throws USAGE for lists that contradict one another, for a list without a name, and for a table without its schema. */
export function parseSelection({ schemas, tables, exclude }: PartsRequest): Selection {
  if (schemas !== undefined && tables !== undefined) {
    throw new HoldfastError('USAGE', '--schemas and --tables exclude each other')
  }
  if (tables !== undefined && exclude !== undefined) {
    throw new HoldfastError('USAGE', '--exclude leaves out of everything or of --schemas, not of --tables')
  }
  const names = parseSchemas(schemas)
  const excluded = exclude === undefined ? {} : { exclude: parseExclusion(exclude) }
  if (names !== undefined) return { kind: 'schemas', schemas: names, ...excluded }
  if (tables === undefined) return { kind: 'everything', ...excluded }
  refuseEmpty('--tables', tables)
  return { kind: 'tables', tables: tables.map(parseTableName) }
}

/** Names, perhaps in backticks. Throws USAGE for a list without one: it would choose nothing, and look like success. */
export function parseSchemas(schemas: readonly string[] | undefined): readonly string[] | undefined {
  if (schemas !== undefined) refuseEmpty('--schemas', schemas)
  return schemas?.map(parseName)
}

function parseExclusion(exclude: readonly string[]): Exclusion {
  refuseEmpty('--exclude', exclude)
  const parts = exclude.map(parsePartName)
  return {
    schemas: parts.flatMap(({ schema, name }) => (name === undefined ? [schema] : [])),
    tables: parts.flatMap(({ schema, name }) => (name === undefined ? [] : [{ schema, name }])),
  }
}

function refuseEmpty(option: string, names: readonly string[]): void {
  if (names.length > 0) return
  throw new HoldfastError(
    'USAGE',
    `${option} names nothing`,
    { option },
    { hint: `Leave ${option} away for everything, or give it names.` },
  )
}
