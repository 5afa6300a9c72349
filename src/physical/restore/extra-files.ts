// What a directory has and a backup has not: what of it goes, what is kept elsewhere, and what may stay.
import type { PhysicalContent } from '../content.ts'
import type { ExistingFile, ExistingFiles } from './existing-files.ts'

export interface ExtraFiles {
  /** Of no use with the files of the backup, or in their way: tables that came later, logs and buffers of InnoDB, leftovers. */
  readonly toRemove: readonly string[]
  /** Nobody else may have them: binary logs, and what is not known here. */
  readonly toSetAside: readonly string[]
  /** Folders that are empty without these, the inner ones first. */
  readonly folders: readonly string[]
}

export interface Directory {
  /** It held something else before the restore: who its server is stays. */
  readonly isInPlace: boolean
  /** All that would be set aside was: what is there now came of the restore, and of the server that it had recover its files. */
  readonly isCleared: boolean
}

export function extraFiles(
  { files, folders }: ExistingFiles,
  content: Pick<PhysicalContent, 'files' | 'folders'>,
  directory: Directory,
): ExtraFiles {
  const wanted = new Set(content.files.map(({ path }) => path))
  const extra = files.filter(({ path }) => !wanted.has(path))
  const having = (wanted: Fate): string[] =>
    extra.flatMap((file) => (fate(file, directory) === wanted ? [file.path] : []))
  const staying = [
    ...content.files.map(({ path }) => path),
    ...content.folders.map(({ path }) => `${path}/`),
    ...having('stay'),
  ]
  return {
    toRemove: having('remove'),
    toSetAside: having('set-aside'),
    folders: folders.filter((folder) => !staying.some((path) => path.startsWith(`${folder}/`))).toReversed(),
  }
}

type Fate = 'stay' | 'remove' | 'set-aside'

const added: readonly string[] = ['options', 'certificate', 'keyring']
/** By one that recovers files: nothing of it is anybody's. */
const madeByServer =
  /^(ib_buffer_pool|tc\.log|ddl_recovery[^/]*\.log|multi-master\.info|(master|relay-log)\.info|undo_\d+_trunc\.log|(mysql|mariadb)_upgrade_(info|history)|(binlog|[^/]+-bin)\.(\d{6,}|index|state|gtid|~rec~))$/
/** Made anew by any server, and of no use to another one. */
const ofNoUse =
  /^(ib_buffer_pool|ddl_recovery[^/]*\.log|undo_\d+_trunc\.log|(mysql|mariadb)_upgrade_(info|history))$/
/** Of an interrupted ALTER TABLE. */
const leftOver = /(^|\/)#sql[-_]/
const going: readonly string[] = ['tablespace', 'undo', 'redo', 'table']

/** Who the server is stays as it is, and what it wrote for people. */
function fate({ path, belonging }: ExistingFile, { isInPlace, isCleared }: Directory): Fate {
  if (belonging.kind === 'skip' || leftOver.test(path) || ofNoUse.test(path)) return 'remove'
  // Also where there was nothing before: a keyring may have been added so that the server can read the files.
  if (belonging.kind === 'take' && added.includes(belonging.as)) return 'stay'
  if (belonging.kind === 'leave-out' || belonging.as === 'identity') return isInPlace ? 'stay' : 'remove'
  if (going.includes(belonging.as)) return 'remove'
  if (belonging.as === 'other' && !madeByServer.test(path)) return 'set-aside'
  return isCleared || !isInPlace ? 'remove' : 'set-aside'
}
