// What of a server is dumped, or what of a backup is loaded.
import type { TableName } from '../instance/instance-facts.ts'

export type Selection =
  | { readonly kind: 'everything' }
  | { readonly kind: 'schemas'; readonly schemas: readonly string[] }
  | { readonly kind: 'tables'; readonly tables: readonly TableName[] }

export const everything: Selection = { kind: 'everything' }

export function selectsSchema(selection: Selection, schema: string): boolean {
  if (selection.kind === 'everything') return true
  return selection.kind === 'schemas'
    ? selection.schemas.includes(schema)
    : selection.tables.some((table) => table.schema === schema)
}

/** True for everything in a selected schema, and for the tables that are named one by one. */
export function selectsTable(selection: Selection, schema: string, name: string): boolean {
  return selection.kind === 'tables'
    ? selection.tables.some((table) => table.schema === schema && table.name === name)
    : selectsSchema(selection, schema)
}

/** Views, routines and events come with their schema only; a table that is named alone brings its triggers. */
export function selectsCode(selection: Selection, schema: string): boolean {
  return selection.kind !== 'tables' && selectsSchema(selection, schema)
}
