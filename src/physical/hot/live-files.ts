// All files of a server that runs, as they lie there now: which belong to a backup of it, and what each is.
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { Flavour } from '../../core/flavour.ts'
import type { ServerVariables } from '../../instance/server-variables.ts'
import { classifyFile } from '../cold/classify-file.ts'
import { type FoundEntry, walk } from '../cold/walk.ts'
import type { FileContent } from '../content.ts'
import { tableElsewhere } from '../table-elsewhere.ts'
import type { ServerFolders } from './server-folders.ts'

export interface LiveFile {
  /** Where it lies. */
  readonly from: string
  /** Its path in a backup: all files of a server are restored into its data directory. */
  readonly path: string
  readonly kind: FileContent['kind']
  readonly mode: number
  readonly sizeBytes: number
}

export interface LiveFiles {
  /** Files of the system tablespace, in their order. */
  readonly system: readonly LiveFile[]
  readonly tablespaces: readonly LiveFile[]
  /** All that is not InnoDB's. */
  readonly loose: readonly LiveFile[]
  readonly folders: readonly { readonly path: string; readonly mode: number }[]
  readonly leftOut: readonly { readonly path: string; readonly why: string }[]
}

export interface ListedServer {
  readonly flavour: Flavour
  readonly folders: ServerFolders
  readonly variables: ServerVariables
}

/** Redo logs, which are copied as they grow; what is for other backup programs; pages that are being written. */
const elsewhere = /^(ib_logfile\d+|#innodb_redo(\/.*)?|ddl\.log|#ib_\d+_\d+\.b?dblwr)$/

/** Throws UNSUPPORTED for a table of MariaDB that lies elsewhere, and FAILED for what cannot be read. */
export async function listLiveFiles({ flavour, folders, variables }: ListedServer): Promise<LiveFiles> {
  const logs = logNames(variables)
  const system = new Map(folders.system.map((from) => [from, path.basename(from)]))
  const files: LiveFile[] = []
  const made: { path: string; mode: number }[] = []
  const leftOut: { path: string; why: string }[] = []
  const isPassedOver = (name: string): boolean =>
    elsewhere.test(name) || logs.isLog(name) || kindOf(name, flavour) === undefined
  for (const { from, path: name, stats } of await listPlaces(folders, isPassedOver)) {
    if (name.endsWith('.isl')) throw tableElsewhere(name)
    const mode = stats.mode & 0o7777
    const kind = kindOf(name, flavour)
    const why = logs.whyNot(name) ?? (typeof kind === 'object' ? kind.why : undefined)
    if (stats.isDirectory()) made.push({ path: name, mode })
    else if (why !== undefined) leftOut.push({ path: name, why })
    else if (stats.isFile() && typeof kind === 'string' && !system.has(from))
      files.push({ from, path: name, kind, mode, sizeBytes: stats.size })
  }
  const isTablespace = ({ kind }: LiveFile): boolean => kind === 'tablespace' || kind === 'undo'
  return {
    system: await Promise.all([...system].map(([from, name]) => systemFile(from, name))),
    tablespaces: files.filter(isTablespace),
    loose: files.filter((file) => !isTablespace(file)),
    folders: made,
    leftOut,
  }
}

/** As they are now: a new one is begun every aria_log_file_size bytes. */
export async function listAriaLogs({ aria }: ServerFolders): Promise<readonly LiveFile[]> {
  const logs = await Array.fromAsync(walk(aria, (name) => !ariaLog.test(name)))
  return logs.map(({ path: name, stats }) => ({
    from: path.join(aria, name),
    path: name,
    kind: 'table',
    mode: stats.mode & 0o7777,
    sizeBytes: stats.size,
  }))
}

/** A schema may be called so. */
const ariaLog = /^aria_log[^/]*$/

/** Undefined for what nobody misses. */
function kindOf(name: string, flavour: Flavour): FileContent['kind'] | { readonly why: string } | undefined {
  // Of an ALTER TABLE that is under way: recovery knows its files by the redo log, and clears them away by ddl_recovery.log. On MySQL none is.
  const belonging = classifyFile(name, new Map(), flavour === 'mariadb' ? 'crashed' : 'shut-down')
  if (belonging.kind === 'skip') return undefined
  return belonging.kind === 'take' ? belonging.as : { why: belonging.why }
}

interface Place extends FoundEntry {
  readonly from: string
}

/** The data directory, and what lies in folders of its own. */
async function listPlaces(
  { data, undo, aria }: ServerFolders,
  isPassedOver: (name: string) => boolean,
): Promise<readonly Place[]> {
  const others = [
    [undo, /^undo_?\d+$|\.ibu$/],
    [aria, ariaLog],
  ] as const
  const places: Place[] = []
  const list = async (folder: string, isNone: (name: string) => boolean): Promise<void> => {
    for await (const found of walk(folder, isNone))
      places.push({ ...found, from: path.join(folder, found.path) })
  }
  await list(data, isPassedOver)
  for (const [folder, pattern] of others)
    if (folder !== data) await list(folder, (name) => !pattern.test(name))
  return places
}

async function systemFile(from: string, name: string): Promise<LiveFile> {
  const stats = await stat(from)
  return { from, path: name, kind: 'tablespace', mode: stats.mode & 0o7777, sizeBytes: stats.size }
}

interface LogNames {
  /** Binary and relay logs, with their indexes. */
  readonly isLog: (name: string) => boolean
  readonly whyNot: (name: string) => string | undefined
}

function logNames(variables: ServerVariables): LogNames {
  const bases = ['log_bin_basename', 'relay_log_basename'].flatMap((name) => nameOf(variables.get(name)))
  const exact = ['log_bin_index', 'relay_log_index'].flatMap((name) => nameOf(variables.get(name)))
  const forPeople = ['log_error', 'general_log_file', 'slow_query_log_file'].flatMap((name) =>
    nameOf(variables.get(name)),
  )
  const patterns = bases.map(
    (base) => new RegExp(`^${RegExp.escape(base)}\\.(\\d+(\\.idx)?|index|state|~rec~)$`),
  )
  return {
    isLog: (name) => exact.includes(name) || patterns.some((pattern) => pattern.test(name)),
    whyNot: (name) => (forPeople.includes(path.basename(name)) ? 'it is a log for people' : undefined),
  }
}

function nameOf(value: string | undefined): readonly string[] {
  const name = path.basename(value ?? '')
  return name === '' ? [] : [name]
}
