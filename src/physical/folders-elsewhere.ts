// Where a server may have files of its own outside of its data directory, as its variables and its option file say.

/** By the names of variables. `within`: also in a folder in it, as the engine has it by itself; the others would not be found there by a server that recovers. */
const folders: readonly { readonly variable: string; readonly mayLie: 'at' | 'within' }[] = [
  { variable: 'innodb_data_home_dir', mayLie: 'at' },
  { variable: 'innodb_log_group_home_dir', mayLie: 'at' },
  { variable: 'innodb_undo_directory', mayLie: 'at' },
  { variable: 'innodb_doublewrite_dir', mayLie: 'at' },
  { variable: 'innodb_directories', mayLie: 'at' },
  { variable: 'aria_log_dir_path', mayLie: 'at' },
  // ./#rocksdb
  { variable: 'rocksdb_datadir', mayLie: 'within' },
  { variable: 'rocksdb_wal_dir', mayLie: 'within' },
]

export interface NamedFolder {
  readonly variable: string
  /** As the server names it: a relative one is relative to the data directory. */
  readonly folder: string
  readonly mayLie: 'at' | 'within'
}

/** All that have a value. */
export function namedFolders(valueOf: (variable: string) => string | undefined): readonly NamedFolder[] {
  return folders.flatMap(({ variable, mayLie }) =>
    (valueOf(variable) ?? '')
      .split(';')
      .filter((folder) => folder !== '')
      .map((folder) => ({ variable, folder, mayLie })),
  )
}
