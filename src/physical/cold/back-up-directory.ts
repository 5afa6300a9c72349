// A cold backup: every file that belongs to a server that was shut down cleanly, read once, page by page.
import { stat } from 'node:fs/promises'
import { machine } from 'node:os'
import path from 'node:path'
import type { BackupSink, StoredBackup } from '../../core/backup.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { PhysicalContent } from '../content.ts'
import { Pouring } from '../pour/pouring.ts'
import { storedBackup } from '../stored-backup.ts'
import { changed } from './copy-file.ts'
import { pourFiles } from './pour-files.ts'
import type { StoppedServer } from './server-files.ts'
import { requireStopped } from './stopped-server.ts'
import type { Survey } from './survey.ts'

/** What the option file of the server says, where one was given. */
export interface ServerSettings {
  readonly lowerCaseTableNames?: number
  readonly dataFilePath?: string
  readonly plugins: readonly string[]
  readonly keyring?: string
  /** The option file and those it includes, as they are. */
  readonly optionFiles: PhysicalContent['optionFiles']
}

export interface ColdOptions {
  readonly survey: Survey
  readonly server: StoppedServer
  readonly settings: ServerSettings
  readonly sink: BackupSink
  readonly emit?: EmitEvent | undefined
  readonly signal?: AbortSignal | undefined
}

/** Throws UNSUPPORTED when anything changes meanwhile, PAGE_DAMAGED, and what the sink throws: then there is no backup. */
export async function backUpDirectory(options: ColdOptions): Promise<StoredBackup> {
  const { survey, server, settings, sink, emit, signal } = options
  const pouring = new Pouring(sink)
  try {
    const { pageBytes } = await pourFiles(survey, server.origin.flavour, { pouring, emit, signal })
    await requireUnchanged(survey)
    const { origin, point, doubt } = server
    return storedBackup(await pouring.finish(), {
      method: 'cold',
      origin,
      point,
      content: {
        server: contentOf(survey, settings, pageBytes),
        isClean: doubt === undefined,
        optionFiles: [...settings.optionFiles],
      },
    })
  } finally {
    await pouring.settle()
  }
}

function contentOf(
  { binlog }: Survey,
  { lowerCaseTableNames, dataFilePath, plugins, keyring }: ServerSettings,
  pageBytes: number,
): PhysicalContent['server'] {
  return {
    pageBytes,
    ...(lowerCaseTableNames === undefined ? {} : { lowerCaseTableNames }),
    ...(dataFilePath === undefined ? {} : { dataFilePath }),
    ...(binlog === undefined ? {} : { binlogBase: binlog.base }),
    architecture: machine(),
    plugins: [...plugins],
    ...(keyring === undefined ? {} : { keyring }),
  }
}

/** The server may have been started, and even stopped again, while its files were read. */
async function requireUnchanged(survey: Survey): Promise<void> {
  const { directory, files } = survey
  await requireStopped(survey)
  for (const { path: name, stats } of files) {
    const file = path.join(directory, name)
    const now = await stat(file)
    if (now.size !== stats.size || now.mtimeMs !== stats.mtimeMs || now.ino !== stats.ino) throw changed(file)
  }
}
