// The manifest of a folder of files: what is in it, for programs.
import { isoMicros } from '../../core/point-text.ts'
import type { ScriptPlan } from '../script/script-plan.ts'
import type { TableFiles } from './table-files.ts'

export interface WrittenFile {
  /** Within the folder, with `/`. */
  readonly path: string
  readonly sizeBytes: number
  /** Hex. */
  readonly sha256: string
}

/** Fields are only ever added. */
export function filesManifest(
  plan: ScriptPlan,
  tables: readonly TableFiles[],
  written: readonly WrittenFile[],
  backup: { readonly source: string; readonly id: string },
): Buffer {
  const byPath = new Map(written.map((file) => [file.path, file]))
  const manifest = {
    format: 'holdfast-files',
    version: 1,
    source: backup.source,
    backup: backup.id,
    server: { flavour: plan.origin.flavour, version: plan.origin.serverVersion },
    point: { time: isoMicros(plan.point.timeMicros), ...plan.point.position, gtid: plan.point.gtid?.text },
    warnings: plan.warnings,
    tables: tables.map((files) => ({
      schema: files.schema,
      table: files.table.name,
      definition: files.definition,
      rows: files.table.rows,
      columns: files.table.columns.map(({ name }) => name),
      loadsWith: loadsWith(files),
      files: files.rows.map(({ path, batch, rowHash }) => ({
        ...byPath.get(path),
        rows: batch.rows,
        rowHash,
      })),
    })),
    files: written,
  }
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
}

/**
 * `mysqlimport`: the files name the table, and hold its columns, all and as they are. `load`: through the LOAD DATA statements of restore.sql.
 * `insert`: the rows are INSERT statements in restore.sql.
 */
function loadsWith({ table, definition }: TableFiles): 'mysqlimport' | 'load' | 'insert' {
  if (table.isInsertOnly) return 'insert'
  const isBare = table.columns.every(({ encoding }) => encoding === 'plain' || encoding === 'enum')
  // Where in doubt (a comment may say so, too) the statement, which always works.
  const hasOthers = /\bGENERATED ALWAYS\b|\bINVISIBLE\b| AS \(/.test(table.ddl)
  const isNamed = definition.endsWith(`/${table.name}.sql`)
  return isBare && !hasOthers && isNamed ? 'mysqlimport' : 'load'
}
