// The options that a server needs to start on the files of a backup, whatever options it had.
import path from 'node:path'
import type { BackupSource } from '../../core/backup.ts'
import type { FileContent, PhysicalContent } from '../content.ts'
import { isExternal } from '../file-path.ts'

export function sandboxArguments(
  { origin, point }: Pick<BackupSource, 'origin' | 'point'>,
  content: PhysicalContent,
): readonly string[] {
  const { server, files } = content
  const dataFiles = server.dataFilePath?.split(';').map(withoutFolder).join(';') ?? dataFilePath(files)
  const log = server.binlogBase
  return [
    `--innodb-page-size=${server.pageBytes}`,
    ...(server.lowerCaseTableNames === undefined
      ? []
      : [`--lower-case-table-names=${server.lowerCaseTableNames}`]),
    ...(dataFiles === undefined ? [] : [`--innodb-data-file-path=${dataFiles}`]),
    // Where tablespaces are looked for besides: those that were restored there, and none that an option file names.
    `--loose-innodb-directories=${foldersOutside(files).join(';')}`,
    `--server-id=${Math.max(1, origin.serverId)}`,
    // With the log that the server had, transactions that were prepared when it died are decided as it would have done.
    ...(log === undefined
      ? ['--skip-log-bin']
      : [`--log-bin=${log}`, `--log-bin-index=${indexOf(log, files)}`, '--binlog-format=ROW']),
    ...relayArguments(files),
    ...(origin.flavour === 'mysql'
      ? mysqlArguments(point.gtid !== undefined)
      : mariadbArguments(content, origin.gtidDomainId)),
  ]
}

function foldersOutside(files: readonly FileContent[]): readonly string[] {
  const outside = files.filter(({ kind, path: name }) => kind === 'tablespace' && isExternal(name))
  return [...new Set(outside.map((file) => path.dirname(file.path)))]
}

/** The server may have called it otherwise (log_bin_index). */
function indexOf(log: string, files: readonly FileContent[]): string {
  const indexes = files.filter(({ kind }) => kind === 'binlog-index').map((file) => file.path)
  const usual = `${log}.index`
  return indexes.length === 1 ? (indexes[0] ?? usual) : usual
}

/** A server looks at its relay log when it starts, also without replication: at the one that was restored. */
function relayArguments(files: readonly FileContent[]): readonly string[] {
  const index = files.find(({ kind, path }) => kind === 'relay-log' && path.endsWith('.index'))
  const base = index?.path.replace(/\.index$/, '') ?? 'relay-bin'
  return [`--relay-log=${base}`, `--relay-log-index=${base}.index`]
}

function mysqlArguments(hasGtids: boolean): readonly string[] {
  return hasGtids ? ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'] : []
}

function mariadbArguments({ files, prepare }: PhysicalContent, domainId = 0): readonly string[] {
  const named = (pattern: RegExp): FileContent[] => files.filter((file) => pattern.test(file.path))
  // What was prepared has an empty log, of any size.
  const [redo] = prepare === undefined ? named(/^ib_logfile0$/) : []
  // Other numbers than it had would have the server make its undo tablespaces and its log anew.
  return [
    `--gtid-domain-id=${domainId}`,
    `--innodb-undo-tablespaces=${named(/^undo\d+$/).length}`,
    ...(redo === undefined ? [] : [`--innodb-log-file-size=${redo.sizeBytes}`]),
  ]
}

/** `/data/ibdata1:12M:autoextend`: wherever the server had it, it was restored into the data directory. */
function withoutFolder(part: string): string {
  return part.replace(/^[^:]*\//, '')
}

/** All but the last file of a system tablespace have a fixed size. Undefined for the usual one, whose name is the default. */
function dataFilePath(files: readonly FileContent[]): string | undefined {
  const system = files
    .filter((file) => /^ibdata\d*$/.test(file.path))
    .toSorted((a, b) => Number(a.path.slice(6)) - Number(b.path.slice(6)))
  if (system.length < 2) return undefined
  const sized = system.map((file) => `${path.basename(file.path)}:${file.sizeBytes / 1024}K`)
  return `${sized.join(';')}:autoextend`
}
