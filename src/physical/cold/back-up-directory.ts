// A cold backup: every file that belongs to a server that was shut down cleanly, read once, page by page.
import { stat } from 'node:fs/promises'
import { machine } from 'node:os'
import path from 'node:path'
import type { BackupSink, StoredBackup } from '../../core/backup.ts'
import type { EmitEvent } from '../../core/events.ts'
import type { PhysicalContent } from '../content.ts'
import type { Tablespace } from '../innodb/tablespace.ts'
import { Pouring } from '../pour/pouring.ts'
import { sideBySide } from '../side-by-side.ts'
import { type Continued, changed, copyFile } from './copy-file.ts'
import type { StoppedServer } from './server-files.ts'
import { requireStopped } from './stopped-server.ts'
import type { Survey, SurveyedFile } from './survey.ts'

/** A reader waits for the disk or for the sink; two keep both busy. */
const filesAtOnce = 2

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
  const { directory, files } = survey
  const pouring = new Pouring(sink)
  try {
    for (const { path, mode } of survey.folders) pouring.folder(path, mode)
    for (const { path, why } of survey.leftOut) pouring.leaveOut(path, why)
    const total = files.reduce((sum, { stats }) => sum + stats.size, 0)
    let done = 0
    const copying = {
      directory,
      flavour: server.origin.flavour,
      intake: pouring,
      signal,
      read: (bytes: number) => {
        done += bytes
        emit?.({ type: 'progress', phase: 'reading files', done, total, unit: 'bytes' })
      },
    }
    const [system, others] = partition(files)
    // The files of the system tablespace are one row of pages.
    let before: Continued | undefined
    let space: Tablespace | undefined
    for (const file of system) {
      space = await copyFile(file, copying, before)
      if (space !== undefined)
        before = { space, pages: (before?.pages ?? 0) + file.stats.size / space.pageBytes }
    }
    await sideBySide(others, filesAtOnce, signal, async (file, signal) => {
      await copyFile(file, { ...copying, signal })
    })
    await requireUnchanged(survey)
    const { objects, ...poured } = await pouring.finish()
    const content: PhysicalContent = {
      format: 1,
      server: {
        pageBytes: space?.pageBytes ?? 16_384,
        ...(settings.lowerCaseTableNames === undefined
          ? {}
          : { lowerCaseTableNames: settings.lowerCaseTableNames }),
        ...(settings.dataFilePath === undefined ? {} : { dataFilePath: settings.dataFilePath }),
        ...(survey.binlog === undefined ? {} : { binlogBase: survey.binlog.base }),
        architecture: machine(),
        plugins: [...settings.plugins],
        ...(settings.keyring === undefined ? {} : { keyring: settings.keyring }),
      },
      optionFiles: [...settings.optionFiles],
      isClean: server.doubt === undefined,
      ...poured,
    }
    const { origin, point } = server
    return {
      kind: 'physical',
      method: 'cold',
      origin,
      point,
      content,
      objects,
      isPartial: false,
      warnings: [],
    }
  } finally {
    await pouring.settle()
  }
}

function partition(files: readonly SurveyedFile[]): [SurveyedFile[], SurveyedFile[]] {
  const system = files.filter(isSystem).toSorted((a, b) => numberOf(a) - numberOf(b))
  return [system, files.filter((file) => !isSystem(file))]
}

function isSystem({ path }: SurveyedFile): boolean {
  return /^ibdata\d*$/.test(path)
}

function numberOf({ path }: SurveyedFile): number {
  return Number(path.slice('ibdata'.length))
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
