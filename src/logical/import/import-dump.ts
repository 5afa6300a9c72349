// Makes a logical backup of a dump that another program wrote.
import type { BackupResult, BackupSink } from '../../core/backup.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { DumpFiles } from './dump-files.ts'
import { DumpProgress } from './dump-progress.ts'
import { importMydumper } from './mydumper.ts'
import { importMysqldump } from './mysqldump.ts'
import { RowIntake } from './row-intake.ts'
import { importShell } from './shell.ts'
import { importTab } from './tab.ts'
import type { TextCharset } from './text-charset.ts'

export type DumpFormat = 'mysqldump' | 'tab' | 'mydumper' | 'mysql-shell'

export interface ImportOptions {
  readonly files: DumpFiles
  readonly format: DumpFormat
  /** For dumps that do not say which schema they are of. */
  readonly schema?: string | undefined
  /** The server's version, for dumps that do not say it: `8.0.36`, `10.11.6-MariaDB`. */
  readonly serverVersion?: string | undefined
  /** What the text files of --tab are in, where their bytes do not tell. */
  readonly textCharset?: TextCharset | undefined
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
  const { files, sink, emit, signal } = options
  const progress = new DumpProgress(files.volume, emit)
  const intake = new RowIntake(sink, (rows) => progress.rowsCame(rows), signal)
  const imported = await importers[options.format](options, intake)
  progress.finish()
  return imported
}

type Importer = (options: ImportOptions, intake: RowIntake) => Promise<ImportResult>

const importers: Readonly<Record<DumpFormat, Importer>> = {
  mysqldump: importMysqldump,
  tab: importTab,
  mydumper: importMydumper,
  'mysql-shell': importShell,
}
