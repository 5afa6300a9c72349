// What stands in a directory that a restore is to write over.
import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
import { type Belonging, classifyFile } from '../cold/classify-file.ts'

/** Lies in a directory until all that a restore does there is done. */
export const markName = 'holdfast-restore.json'

/** What the mark is written as, before it has its name. */
export const partialMarkName = `${markName}.new`

/** None is the server's: the first is there from the start where the directory is a file system of its own. */
export const passedOver: readonly string[] = ['lost+found', markName, partialMarkName]

export interface ExistingFile {
  /** Relative to the directory. */
  readonly path: string
  readonly belonging: Belonging
  readonly stats: Stats
}

export interface ExistingFiles {
  readonly files: readonly ExistingFile[]
  /** Relative to the directory, each before what is in it. */
  readonly folders: readonly string[]
}

/** Throws UNSUPPORTED for a link in it: what is written through it, or removed with it, may be another server's. */
export async function readExistingFiles(directory: string): Promise<ExistingFiles> {
  const files: ExistingFile[] = []
  const folders: string[] = []
  const walk = async (folder: string): Promise<void> => {
    for (const name of (await readdir(path.join(directory, folder))).toSorted()) {
      const relative = path.join(folder, name)
      if (passedOver.includes(relative)) continue
      const stats = await lstat(path.join(directory, relative))
      if (stats.isSymbolicLink()) throw isLink(path.join(directory, relative))
      if (stats.isDirectory()) {
        folders.push(relative)
        await walk(relative)
      } else files.push({ path: relative, belonging: classifyFile(relative, new Map()), stats })
    }
  }
  await walk('')
  return { files, folders }
}

function isLink(link: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `${link} is a symbolic link: a restore writes over the files of one directory alone`,
    { link },
    { hint: 'Restore into a new directory, and lay its parts where the links point; nothing was changed.' },
  )
}
