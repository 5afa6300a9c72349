// Whether all files of a server lie in its data directory, and that on one volume: a snapshot is of one.
import type { Dirent } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
import type { ServerVariables } from '../../instance/server-variables.ts'
import { type NamedFolder, namedFolders } from '../folders-elsewhere.ts'
import { isThere } from '../is-there.ts'
import { binlogBase } from '../server-content.ts'

export interface OneVolume {
  /** The data directory, absolute and without links. */
  readonly directory: string
  /** Of all files in it, relative to it. */
  readonly names: readonly string[]
}

/** `given`: the data directory where this machine knows it by another name than its server. Throws UNSUPPORTED with what lies elsewhere. */
export async function requireOneVolume(
  given: string | undefined,
  variables: ServerVariables,
): Promise<OneVolume> {
  for (const { variable, folder, mayLie } of namedFolders((name) => variables.get(name)))
    if (!(await isDataDirectory(folder, variables, mayLie))) throw liesElsewhere(`${variable} = ${folder}`)
  const dataFiles = variables.get('innodb_data_file_path') ?? ''
  if (dataFiles.includes('/')) throw liesElsewhere(`innodb_data_file_path = ${dataFiles}`)
  const directory = await realpath(given ?? variables.text('datadir'))
  // A list that is read while tables come and go may lack others that were there all the time (seen with zfs-fuse); twice the same ones hardly.
  const names = [...(await namesOnVolume(directory)), ...(await namesOnVolume(directory))]
  return { directory, names: [...new Set(names)] }
}

/** A log that lies elsewhere is for the archive; so is one whose index does, for without it nobody knows which files are of it. */
export async function isLogInside(variables: ServerVariables): Promise<boolean> {
  const base = binlogBase(variables)
  if (base === undefined) return false
  for (const file of [base, variables.get('log_bin_index') || base])
    if (!(await isDataDirectory(path.dirname(file), variables, 'at'))) return false
  return true
}

/** As the server names folders, which need not be there for us. */
async function isDataDirectory(
  folder: string,
  variables: ServerVariables,
  mayLie: NamedFolder['mayLie'],
): Promise<boolean> {
  const own = path.resolve(variables.text('datadir'))
  const named = path.resolve(own, folder)
  const isHere = (place: string, directory: string): boolean =>
    place === directory || (mayLie === 'within' && place.startsWith(`${directory}/`))
  return isHere(named, own) || ((await isThere(named)) && isHere(await realpath(named), await realpath(own)))
}

/** A snapshot has an empty folder where another volume is mounted, and a link that leads to the file that is written to. */
async function namesOnVolume(directory: string): Promise<readonly string[]> {
  const { dev } = await lstat(directory)
  const names: string[] = []
  const folders = [directory]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await entriesOf(folder, directory)) {
      const place = path.join(folder, entry.name)
      if (entry.isSymbolicLink()) throw liesElsewhere(`${place} is a link`)
      if (entry.isDirectory()) {
        if (await isElsewhere(place, dev)) throw liesElsewhere(`${place} is another volume`)
        folders.push(place)
      }
      names.push(path.relative(directory, place))
    }
  }
  return names
}

/** None of a schema that was dropped just now. */
async function entriesOf(folder: string, directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (folder !== directory && error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return []
    throw error
  }
}

async function isElsewhere(folder: string, device: number): Promise<boolean> {
  try {
    return (await lstat(folder)).dev !== device
  } catch (error) {
    // A schema that was dropped just now.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

export function liesElsewhere(what: string): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    `a snapshot is of one volume, and this server has files elsewhere: ${what}`,
    { what },
    {
      hint: 'Use --method clone (MySQL) or mariadb-backup (MariaDB), or take a logical backup (--method dump).',
    },
  )
}
