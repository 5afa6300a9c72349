// What a dump defines, while it is collected.
import type { ObjectChunk } from '../../core/backup.ts'
import type { CodeContent } from '../content.ts'
import type { RowForm } from './column-forms.ts'
import type { DumpedTable } from './table-columns.ts'

export interface ImportedTable {
  readonly schema: string
  readonly definition: DumpedTable
  readonly ddl: string
  /** Of the session that defined it: files of its rows as text say none themselves, and a trailer sets another one. */
  readonly timeZone: string | undefined
  readonly triggers: CodeContent[]
  /** Those of its rows; undefined until there are some. */
  form: RowForm | undefined
  readonly chunks: ObjectChunk[]
  rows: number
}

export interface ImportedSchema {
  readonly name: string
  ddl: string | undefined
  collation: string | undefined
  /** For a moment another one, in which code was made. */
  currentCollation: string | undefined
  readonly sequences: Map<string, { ddl: string; next: string | undefined; cycle: string }>
  /** Sequences that the dump has as tables, and of which the row has not come yet. */
  readonly sequenceTables: Set<string>
  readonly tables: Map<string, ImportedTable>
  readonly views: Map<string, { readonly code: CodeContent; readonly isPlaceholder: boolean }>
  readonly routines: Map<string, CodeContent>
  readonly events: Map<string, CodeContent>
}

/** What an intake has taken of the rows of a table. */
export function addRows(
  table: ImportedTable,
  { chunks, rows }: { readonly chunks: readonly ObjectChunk[]; readonly rows: number },
): void {
  for (const chunk of chunks) table.chunks.push(chunk)
  table.rows += rows
}

/** Rows that say when they began and ended. */
export function hasHistory(definition: DumpedTable, form: RowForm | undefined): boolean {
  if (!definition.isVersioned || form === undefined) return false
  const declared = definition.columns.filter(({ generation }) => /^ROW (?:START|END)$/.test(generation))
  const names =
    declared.length === 2 ? declared.map(({ name }) => name.toLowerCase()) : ['row_start', 'row_end']
  return names.every((name) => form.columns.some((column) => column?.name.toLowerCase() === name))
}
