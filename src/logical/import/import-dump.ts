// Makes a logical backup of a dump that another program wrote.
import type { BackupResult, BackupSink } from '../../core/backup.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { DumpFiles } from './dump-files.ts'
import { importMydumper } from './mydumper.ts'
import { importMysqldump } from './mysqldump.ts'
import { importShell } from './shell.ts'
import { importTab } from './tab.ts'

export const dumpFormats = ['mysqldump', 'tab', 'mydumper', 'mysql-shell'] as const
export type DumpFormat = (typeof dumpFormats)[number]

export interface ImportOptions {
  readonly files: DumpFiles
  readonly format: DumpFormat
  /** For dumps that do not say which schema they are of. */
  readonly schema?: string | undefined
  /** The server's version, for dumps that do not say it: `8.0.36`, `10.11.6-MariaDB`. */
  readonly serverVersion?: string | undefined
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
  switch (options.format) {
    case 'mysqldump':
      return importMysqldump(options)
    case 'tab':
      return importTab(options)
    case 'mydumper':
      return importMydumper(options)
    case 'mysql-shell':
      return importShell(options)
  }
}
