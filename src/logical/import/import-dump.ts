// Makes a logical backup of a dump that another program wrote.
import type { BackupResult, BackupSink } from '../../core/backup.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { DumpFiles } from './dump-files.ts'
import { importMysqldump } from './mysqldump.ts'

export const dumpFormats = ['mysqldump', 'tab', 'mydumper', 'mysql-shell'] as const
export type DumpFormat = (typeof dumpFormats)[number]

export interface ImportOptions {
  readonly files: DumpFiles
  readonly format: DumpFormat
  /** For dumps that do not say which schema they are of. */
  readonly schema?: string | undefined
  readonly sink: BackupSink
  readonly emit: EmitEvent
  readonly signal?: AbortSignal | undefined
}

export interface ImportResult {
  readonly result: BackupResult
  readonly schemas: number
  readonly tables: number
  readonly rows: number
}

/**
 * Reads all of a dump.
 * @throws HoldfastError UNSUPPORTED naming file and line of what is not known; INCOMPLETE_DUMP for one that is not whole
 */
export async function importDump(options: ImportOptions): Promise<ImportResult> {
  return importMysqldump(options)
}
