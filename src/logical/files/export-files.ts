// Writes a logical backup as a folder of files that plain tools load; what a folder is, is for the caller to say.
import type { BackupSource } from '../../core/backup.ts'
import type { EmitEvent } from '../../core/events.ts'
import { RowProgress } from '../../core/row-progress.ts'
import { enumErrorFinder } from '../script/enum-errors.ts'
import { batchBytes, insertText } from '../script/insert-text.ts'
import { rowsOf } from '../script/row-tuples.ts'
import type { ScriptPlan } from '../script/script-plan.ts'
import { type SectionName, sectionNames, sectionText, settingsText, useSchema } from '../script/sections.ts'
import { comment, headLines } from '../script/sql-stream.ts'
import { filesManifest, type WrittenFile } from './files-manifest.ts'
import { loadText } from './load-text.ts'
import { restoreProgram } from './restore-program.ts'
import { definitionText, planTableFiles, type RowFile, type TableFiles } from './table-files.ts'

/** A file that is being written. It is there for good when `close` has returned; disposing of it only lets it go. */
export interface ExportFile extends AsyncDisposable {
  write(bytes: Buffer): Promise<void>
  close(): Promise<WrittenFile>
}

export interface ExportFolder {
  /** Makes a new file at a path with `/`. */
  create(path: string): Promise<ExportFile>
}

export interface ExportOptions {
  readonly plan: ScriptPlan
  readonly backup: BackupSource
  readonly folder: ExportFolder
  /** Whose backup it is, for the manifest. */
  readonly of: { readonly source: string; readonly id: string }
  readonly emit?: EmitEvent
  readonly signal?: AbortSignal
}

export interface ExportReport {
  readonly schemas: number
  readonly tables: number
  readonly rows: number
  readonly files: readonly WrittenFile[]
}

// Files are read, hashed and written at once, but each file by itself in order.
const filesAtOnce = 4

/** SHA256SUMS is written last: a folder without it is not whole. Throws what the backup and the folder throw. */
export async function exportFiles(options: ExportOptions): Promise<ExportReport> {
  const { plan, backup, folder, of, signal, emit = () => undefined } = options
  const tables = await planTableFiles(plan, backup, signal)
  const { written, enumErrors } = await writeTables(options, tables)
  emit({ type: 'phase', phase: 'writing definitions' })
  written.push(...(await writeScript(options, tables, enumErrors)))
  written.push(await writeWhole(folder, 'restore.sh', Buffer.from(restoreProgram)))
  const manifest = filesManifest(plan, tables, written, of)
  written.push(await writeWhole(folder, 'manifest.json', manifest))
  const sums = written.map(({ path, sha256 }) => `${sha256}  ${path}\n`)
  await writeWhole(folder, 'SHA256SUMS', Buffer.from(sums.join('')))
  return {
    schemas: plan.schemas.length,
    tables: tables.length,
    rows: tables.reduce((sum, { table }) => sum + table.rows, 0),
    files: written,
  }
}

async function writeTables(
  { plan, backup, folder, signal, emit = () => undefined }: ExportOptions,
  tables: readonly TableFiles[],
): Promise<{ readonly written: WrittenFile[]; readonly enumErrors: ReadonlySet<RowFile> }> {
  const written: WrittenFile[] = []
  const enumErrors = new Set<RowFile>()
  const queue = tables.values()
  const total = tables.flatMap(({ rows }) => rows).reduce((sum, { batch }) => sum + bytesOf(batch), 0)
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const progress = new RowProgress({ emit, phase: 'writing rows', expected: () => ({ total }) })
  const work = async (): Promise<void> => {
    for (const files of queue) {
      either.throwIfAborted()
      written.push(await writeWhole(folder, files.definition, definitionText(plan, files)))
      const detail = `${files.schema}.${files.table.name}`
      for (const rows of files.rows) {
        await using file = await folder.create(rows.path)
        const bytes = writing(file, batchBytes(backup, rows.batch, either), (length) => {
          progress.add(length, 0, detail)
        })
        if (await hasRow(bytes, enumErrorFinder(files.table))) enumErrors.add(rows)
        progress.add(0, rows.batch.rows, detail)
        written.push(await file.close())
      }
    }
  }
  const workers = Array.from({ length: filesAtOnce }, () =>
    work().catch((error: unknown) => {
      stop.abort(error)
    }),
  )
  await Promise.all(workers)
  signal?.throwIfAborted()
  if (stop.signal.aborted) throw stop.signal.reason
  return { written: written.toSorted((a, b) => (a.path < b.path ? -1 : 1)), enumErrors }
}

async function* writing(
  file: ExportFile,
  source: AsyncIterable<Buffer>,
  onBytes: (length: number) => void,
): AsyncGenerator<Buffer> {
  for await (const bytes of source) {
    await file.write(bytes)
    onBytes(bytes.length)
    yield bytes
  }
}

/** Reads all of the text, whatever it finds. */
async function hasRow(
  text: AsyncIterable<Buffer>,
  isWanted: ((row: Buffer) => boolean) | undefined,
): Promise<boolean> {
  let isFound = false
  for await (const bytes of isWanted === undefined ? text : rowsOf(text))
    isFound ||= isWanted?.(bytes) === true
  return isFound
}

/** Each section as a file of its own, and all of them, one after the other, as restore.sql. */
async function writeScript(
  options: ExportOptions,
  tables: readonly TableFiles[],
  enumErrors: ReadonlySet<RowFile>,
): Promise<readonly WrittenFile[]> {
  const { plan, folder, signal } = options
  const written: WrittenFile[] = []
  await using whole = await folder.create('restore.sql')
  await whole.write(comment([...headLines(plan), 'To be run in this folder: sh restore.sh']))
  for (const [at, section] of sectionNames.entries()) {
    await using piece = await folder.create(`${String(at + 1).padStart(2, '0')}-${section}.sql`)
    for await (const text of pieceText(options, section, tables, enumErrors)) {
      signal?.throwIfAborted()
      await Promise.all([piece.write(text), whole.write(text)])
    }
    written.push(await piece.close())
  }
  written.push(await whole.close())
  return written
}

async function* pieceText(
  { plan, backup, signal }: ExportOptions,
  section: SectionName,
  tables: readonly TableFiles[],
  enumErrors: ReadonlySet<RowFile>,
): AsyncGenerator<Buffer> {
  yield comment(['', section])
  yield settingsText(plan)
  if (section !== 'rows') {
    yield* sectionText(plan, section)
    return
  }
  let current: string | undefined
  for (const { schema, table, rows } of tables) {
    if (table.object === undefined || table.rows === 0) continue
    if (current !== schema) yield useSchema(schema)
    current = schema
    if (table.isInsertOnly) yield* insertText(backup, schema, table, signal)
    for (const file of rows) yield* loadText(schema, table, file, enumErrors.has(file))
  }
}

async function writeWhole(folder: ExportFolder, path: string, bytes: Buffer): Promise<WrittenFile> {
  await using file = await folder.create(path)
  await file.write(bytes)
  return await file.close()
}

function bytesOf({ chunks }: RowFile['batch']): number {
  return chunks.reduce((sum, chunk) => sum + chunk.plainBytes, 0)
}
