// The file `metadata` of a mydumper folder: when, where in the binary log, and how many rows each table has.
import type { GtidState } from '../../core/recovery-point.ts'

export interface MydumperMetadata {
  readonly isFinished: boolean
  /** Local time of whoever ran mydumper. */
  readonly finishedAt: string | undefined
  readonly position: { readonly file: string; readonly offset: number } | undefined
  readonly gtidText: string | undefined
  /** By section: `` `shop`.`orders` `` in the names that its files have. */
  readonly tables: ReadonlyMap<
    string,
    { readonly realName: string | undefined; readonly rows: number | undefined }
  >
}

/** Reads the text of mydumper before 0.12, and the sections of later ones, where keys may be commented out. */
export function parseMydumperMetadata(text: string): MydumperMetadata {
  const finishedAt = /^#? ?Finished dump at: (.*)$/m.exec(text)?.[1]
  const isFinished = finishedAt !== undefined
  return text.includes('\n[') || text.startsWith('[')
    ? { isFinished, finishedAt, ...readSections(text) }
    : { isFinished, finishedAt, ...readOldText(text) }
}

function readOldText(text: string): Pick<MydumperMetadata, 'position' | 'gtidText' | 'tables'> {
  const own = /^SHOW (?:MASTER|BINARY LOG) STATUS:\n((?:\t.*\n|[^\n:]*[-:][^\n]*\n)*)/m.exec(text)?.[1] ?? ''
  const file = /^\tLog: (.+)$/m.exec(own)?.[1]
  const offset = /^\tPos: (\d+)$/m.exec(own)?.[1]
  const gtidText = /^\tGTID: ?([^\t]*)/m.exec(own)?.[1]?.replaceAll(/\s/g, '')
  return {
    position: file === undefined || offset === undefined ? undefined : { file, offset: Number(offset) },
    gtidText: gtidText === '' ? undefined : gtidText,
    tables: new Map(),
  }
}

function readSections(text: string): Pick<MydumperMetadata, 'position' | 'gtidText' | 'tables'> {
  const sections = new Map<string, Map<string, string>>()
  let keys = new Map<string, string>()
  for (const line of text.split('\n')) {
    const section = /^\[(.*)\]$/.exec(line)?.[1]
    if (section !== undefined) {
      keys = sections.get(section) ?? new Map()
      sections.set(section, keys)
    }
    const [, key, value] = /^#? ?([\w-]+) ?= ?(.*)$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) keys.set(key.toLowerCase(), value.replaceAll(/^"|"$/g, ''))
  }
  const source = sections.get('source') ?? sections.get('master')
  const file = source?.get('source_log_file') ?? source?.get('file')
  const offset = source?.get('source_log_pos') ?? source?.get('position')
  const gtidText = (source?.get('executed_gtid_set') ?? '').replaceAll(/\s/g, '')
  return {
    position:
      file === undefined || !/^\d+$/.test(offset ?? '') ? undefined : { file, offset: Number(offset) },
    gtidText: gtidText === '' ? undefined : gtidText,
    tables: new Map(
      [...sections]
        .filter(([name]) => /^["`].*["`]\.["`].*["`]$/.test(name))
        .map(([name, table]) => [
          name.replaceAll('"', '`'),
          { realName: table.get('real_table_name'), rows: rowsOf(table.get('rows')) },
        ]),
    ),
  }
}

function rowsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

export function gtidOf(text: string | undefined, flavour: GtidState['flavour']): GtidState | undefined {
  return text === undefined ? undefined : { flavour, text }
}
