// All files that a survey has found, on their way into a backup: read once, page by page.
import type { EmitEvent } from '../../core/events.ts'
import type { Flavour } from '../../core/flavour.ts'
import type { Tablespace } from '../innodb/tablespace.ts'
import type { Pouring } from '../pour/pouring.ts'
import { sideBySide } from '../side-by-side.ts'
import { type Continued, copyFile } from './copy-file.ts'
import type { Survey, SurveyedFile } from './survey.ts'

/** A reader waits for the disk or for the sink; two keep both busy. */
const filesAtOnce = 2

export interface PourOptions {
  readonly pouring: Pouring
  readonly emit?: EmitEvent | undefined
  readonly signal?: AbortSignal | undefined
}

/** Answers the bytes of a page of the system tablespace. Throws PAGE_DAMAGED, and what reading and storing throw. */
export async function pourFiles(
  { directory, state, files, folders, leftOut }: Survey,
  flavour: Flavour,
  { pouring, emit, signal }: PourOptions,
): Promise<{ readonly pageBytes: number }> {
  for (const { path, mode } of folders) pouring.folder(path, mode)
  for (const { path, why } of leftOut) pouring.leaveOut(path, why)
  const total = files.reduce((sum, { stats }) => sum + stats.size, 0)
  let done = 0
  const copying = {
    directory,
    state,
    flavour,
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
  return { pageBytes: space?.pageBytes ?? 16_384 }
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
