// What of a server is dumped, or what of a backup is loaded.
import type { TableName } from '../instance/instance-facts.ts'

/** What is left out of a selection. */
export interface Exclusion {
  readonly schemas: readonly string[]
  readonly tables: readonly TableName[]
}

export type Selection =
  | { readonly kind: 'everything'; readonly exclude?: Exclusion | undefined }
  | {
      readonly kind: 'schemas'
      readonly schemas: readonly string[]
      readonly exclude?: Exclusion | undefined
    }
  | { readonly kind: 'tables'; readonly tables: readonly TableName[] }

export const everything: Selection = { kind: 'everything' }

/** Everything, and nothing left out. */
export function isWhole(selection: Selection): boolean {
  return selection.kind === 'everything' && selection.exclude === undefined
}

export function exclusionOf(selection: Selection): Exclusion | undefined {
  return selection.kind === 'tables' ? undefined : selection.exclude
}

/** The same with nothing left out. */
export function withoutExclusion(selection: Selection): Selection {
  if (selection.kind === 'everything') return everything
  return selection.kind === 'schemas' ? { kind: 'schemas', schemas: selection.schemas } : selection
}

export function selectsSchema(selection: Selection, schema: string): boolean {
  if (selection.kind === 'tables') return selection.tables.some((table) => table.schema === schema)
  if (selection.exclude?.schemas.includes(schema) === true) return false
  return selection.kind === 'everything' || selection.schemas.includes(schema)
}

/** True for everything in a selected schema, and for the tables that are named one by one. */
export function selectsTable(selection: Selection, schema: string, name: string): boolean {
  const isNamed = (table: TableName) => table.schema === schema && table.name === name
  if (selection.kind === 'tables') return selection.tables.some(isNamed)
  return selectsSchema(selection, schema) && selection.exclude?.tables.some(isNamed) !== true
}

/** Views, routines and events come with their schema only; a table that is named alone brings its triggers. */
export function selectsCode(selection: Selection, schema: string): boolean {
  return selection.kind !== 'tables' && selectsSchema(selection, schema)
}
