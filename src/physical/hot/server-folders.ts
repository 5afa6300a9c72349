// Where the files of a server that runs lie, as they are seen from here.
import path from 'node:path'
import type { ServerVariables } from '../../instance/server-variables.ts'

/** All absolute; most servers have one for all. */
export interface ServerFolders {
  readonly data: string
  /** Of the redo log: that of MySQL is in a folder of its own in it. */
  readonly redo: string
  readonly undo: string
  /** Of Aria's log. */
  readonly aria: string
  /** Files of the system tablespace, in their order. */
  readonly system: readonly string[]
}

/** `given`: where the data directory is seen under another path than the server has it, as that of a container. */
export function serverFolders(variables: ServerVariables, given: string | undefined): ServerFolders {
  const said = path.resolve(variables.text('datadir'))
  const data = given === undefined ? said : path.resolve(given)
  const here = (value: string | undefined, base = said): string => {
    const place = path.resolve(base, value ?? '')
    const inside = path.relative(said, place)
    return inside.startsWith('..') ? place : path.join(data, inside)
  }
  const home = path.resolve(said, variables.get('innodb_data_home_dir') ?? '')
  const system = variables.text('innodb_data_file_path').split(';')
  return {
    data,
    redo: here(variables.get('innodb_log_group_home_dir')),
    undo: here(variables.get('innodb_undo_directory')),
    aria: here(variables.get('aria_log_dir_path')),
    system: system.map((part) => here(part.replace(/:.*$/, ''), home)),
  }
}

/** The path of a server's file as it is seen from here. */
export function seenFrom(folders: ServerFolders, variables: ServerVariables, file: string): string {
  const said = path.resolve(variables.text('datadir'))
  const inside = path.relative(said, path.resolve(said, file))
  return inside.startsWith('..') ? path.resolve(file) : path.join(folders.data, inside)
}
