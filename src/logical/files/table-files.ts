// Which files a table becomes, and the text of its own .sql file.

import { addRowHashes, noRowsHash } from '../../bytes/kernel/row-hash.ts'
import type { BackupSource } from '../../core/backup.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { TableContent } from '../content.ts'
import { tableStatement } from '../definition-statements.ts'
import { type LoadBatch, loadBatches } from '../load-batches.ts'
import { plainStatement } from '../script/client-text.ts'
import type { ScriptPlan } from '../script/script-plan.ts'
import { settingsText } from '../script/sections.ts'
import { FileNames } from './file-names.ts'

/** A file of rows: text for LOAD DATA. */
export interface RowFile {
  /** Within the folder, with `/`. */
  readonly path: string
  readonly batch: LoadBatch
  /** Order-independent, see docs/format/logical-content.md. */
  readonly rowHash: string
}

export interface TableFiles {
  readonly schema: string
  readonly table: TableContent
  /** Creates the table in the schema that is in use. */
  readonly definition: string
  /** None where rows are written as INSERT statements. */
  readonly rows: readonly RowFile[]
}

/** Files that are not of a schema, and whose names a folder of one must not have. */
const ownFiles = ['SHA256SUMS']

/** Throws VERIFY_FAILED when a table's chunks cannot be listed. */
export async function planTableFiles(
  plan: ScriptPlan,
  backup: BackupSource,
  signal?: AbortSignal,
): Promise<readonly TableFiles[]> {
  const schemaNames = new FileNames(ownFiles)
  const files: TableFiles[] = []
  for (const schema of plan.schemas) {
    const folder = schemaNames.take(schema.name)
    const tableNames = new FileNames()
    for (const table of schema.tables) {
      const base = `${folder}/${tableNames.take(table.name)}`
      const rows = table.isInsertOnly ? [] : await rowFiles(backup, schema.name, table, base, signal)
      files.push({ schema: schema.name, table, definition: `${base}.sql`, rows })
    }
  }
  return files
}

export function definitionText(plan: ScriptPlan, { table }: TableFiles): Buffer {
  return Buffer.concat([settingsText(plan), plainStatement(tableStatement(table))])
}

async function rowFiles(
  backup: BackupSource,
  schema: string,
  table: TableContent,
  base: string,
  signal: AbortSignal | undefined,
): Promise<readonly RowFile[]> {
  if (table.object === undefined || table.rows === 0) return []
  const { chunks } = await backup.object(table.object, signal)
  const batches = loadBatches(chunks)
  const promised = batches.reduce((sum, batch) => sum + batch.rows, 0)
  if (promised !== table.rows) {
    throw new HoldfastError(
      'VERIFY_FAILED',
      `the chunks of ${schema}.${table.name} hold ${promised} rows and its definition says ${table.rows}`,
      { schema, table: table.name },
    )
  }
  return batches.map((batch, at) => ({
    path: `${base}.${String(at + 1).padStart(4, '0')}.txt`,
    batch,
    rowHash: batch.chunks.reduce((sum, chunk) => addRowHashes(sum, chunk.rowHash), noRowsHash),
  }))
}
