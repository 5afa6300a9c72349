// From the lists of schemas and tables that somebody gave to what is backed up or restored.
import { HoldfastError } from '../core/errors.ts'
import { parseName, parseTableName } from '../core/name-list.ts'
import type { Selection } from '../logical/selection.ts'

/** Throws USAGE for both at once, for a list without a name, and for a table without its schema. */
export function parseSelection(
  schemas: readonly string[] | undefined,
  tables: readonly string[] | undefined,
): Selection {
  if (schemas !== undefined && tables !== undefined) {
    throw new HoldfastError('USAGE', '--schemas and --tables exclude each other')
  }
  const names = parseSchemas(schemas)
  if (names !== undefined) return { kind: 'schemas', schemas: names }
  if (tables === undefined) return { kind: 'everything' }
  refuseEmpty('--tables', tables)
  return { kind: 'tables', tables: tables.map(parseTableName) }
}

/** Names, perhaps in backticks. Throws USAGE for a list without one: it would choose nothing, and look like success. */
export function parseSchemas(schemas: readonly string[] | undefined): readonly string[] | undefined {
  if (schemas !== undefined) refuseEmpty('--schemas', schemas)
  return schemas?.map(parseName)
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
