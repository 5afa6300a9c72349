// Which server a dump is of, and which moment, as the comments of mysqldump and mariadb-dump tell.
import type { Flavour } from '../../core/flavour.ts'

export interface DumpHeader {
  /** Such as `mysqldump 10.13 Distrib 9.7.4`. */
  tool: string | undefined
  flavour: Flavour | undefined
  serverVersion: string | undefined
  /** The first schema; '' for a dump of everything. */
  database: string | undefined
  /** The trailer was the last thing. */
  isComplete: boolean
  /** The trailer was there; --tab puts triggers behind it. */
  hasTrailer: boolean
  /** Local time of whoever ran the dump program, as it stands in the trailer. */
  completedAt: string | undefined
  /** Arguments of CHANGE MASTER TO and the like in a comment. */
  sourceArguments: string | undefined
  gtidSlavePos: string | undefined
  /** The position is one of the server's own source: --dump-slave, --dump-replica. */
  isOfItsSource: boolean
  /** The condition of --where: rows are missing that do not meet it. */
  where: string | undefined
  /** Kinds of code that the dump was asked for: comments name them also where there is none. */
  readonly codeKinds: Set<string>
}

export function emptyHeader(): DumpHeader {
  return {
    tool: undefined,
    flavour: undefined,
    serverVersion: undefined,
    database: undefined,
    isComplete: false,
    hasTrailer: false,
    completedAt: undefined,
    sourceArguments: undefined,
    gtidSlavePos: undefined,
    isOfItsSource: false,
    where: undefined,
    codeKinds: new Set(),
  }
}

/** `text` without the dashes. */
export function readComment(header: DumpHeader, text: string): void {
  const [, tool] = /^((?:MySQL|MariaDB) dump .*?),? for .*$/.exec(text) ?? []
  if (tool !== undefined) {
    header.tool ??= tool.replace(/\s+/g, ' ')
    return
  }
  const [, version] = /^Server version\s+(\S+)/.exec(text) ?? []
  if (version !== undefined) {
    header.serverVersion ??= version
    header.flavour ??= /mariadb/i.test(version) ? 'mariadb' : 'mysql'
    return
  }
  const [, database] =
    /^Host: .*\s{4}Database: ?(.*)$/.exec(text) ?? (/^Host: \S* +Database:$/.test(text) ? ['', ''] : [])
  if (database !== undefined) header.database ??= database
  const completed = /^Dump completed(?: on (.*))?$/.exec(text)
  if (completed !== null) {
    header.isComplete = true
    header.hasTrailer = true
    header.completedAt = completed[1]
  }
  const [, where] = /^WHERE: +(.*)$/s.exec(text) ?? []
  if (where !== undefined) header.where ??= where
  const [, kinds] = /^Dumping (routines|events) for database /.exec(text) ?? []
  if (kinds !== undefined) header.codeKinds.add(kinds)
  if (/the (?:master|source) of this (?:slave|replica)|replicating from/i.test(text))
    header.isOfItsSource = true
  if (/^CHANGE (?:MASTER|REPLICATION SOURCE) TO .*LOG_FILE/i.test(text)) header.sourceArguments ??= text
  const [, position] = /^SET GLOBAL gtid_slave_pos\s*=\s*'([^']*)'/i.exec(text) ?? []
  if (position !== undefined) header.gtidSlavePos ??= position
}

/** The log file and offset of CHANGE MASTER TO or CHANGE REPLICATION SOURCE TO. */
export function positionIn(
  sourceArguments: string | undefined,
): { readonly file: string; readonly offset: number } | undefined {
  const [, file] = /(?:MASTER|SOURCE)_LOG_FILE\s*=\s*'([^']+)'/i.exec(sourceArguments ?? '') ?? []
  const [, offset] = /(?:MASTER|SOURCE)_LOG_POS\s*=\s*(\d+)/i.exec(sourceArguments ?? '') ?? []
  return file === undefined || offset === undefined ? undefined : { file, offset: Number(offset) }
}

/**
 * The end of a second such as `2026-11-23  9:07:22`, in the time zone of this process: a dump that was done then has rows of a moment before.
 * Undefined where it is no time.
 */
export function localMicros(text: string | undefined): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})-(\d\d)-(\d\d)\s+(\d{1,2}):(\d\d):(\d\d)/.exec(text ?? '') ?? []
  if (year === undefined) return undefined
  const time = new Date(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  )
  return (time.getTime() + 1000) * 1000 - 1
}
