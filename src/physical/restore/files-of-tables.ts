// Which files of a backup a server needs to open some tables, and which hold nothing but rows of others.
import type { FileContent } from '../content.ts'
import { tableFileName } from '../table-file-name.ts'

interface Table {
  readonly schema: string
  readonly name: string
}

/**
 * Of one table, with or without partitions: `shop/orders.ibd`, `shop/orders#p#p0.ibd`; `.new` is what mariadb-backup calls one that had no
 * page on the disk yet, until its --prepare.
 */
const rowFile = /^([^/]+)\/([^/]+?)(?:#p#[^/]*)?\.(?:ibd|new|myd|myi|mad|mai|csv|arz)$/i

/** Dictionary, accounts and time zones. */
const systemFolder = /^(?:mysql|sys|performance_schema)$/i

/** Hidden tables of a full-text index are named after the number of its table, which files do not tell. */
const ofFullText = /^fts_/i

/**
 * Undefined where all are needed, or where files do not tell: for a view, for a table of other tables (MERGE), for one in a shared
 * tablespace without others, and for names that are not in ASCII.
 */
export function filesOfTables(
  files: readonly FileContent[],
  tables: readonly Table[],
): readonly FileContent[] | undefined {
  const wanted = new Set(tables.map((table) => tableFileName(table)?.toLowerCase() ?? '(not in ASCII)'))
  const found = new Set<string>()
  const kept = files.filter(({ path }) => {
    const [, folder = '', name = ''] = rowFile.exec(path) ?? []
    if (folder === '' || systemFolder.test(folder) || ofFullText.test(name)) return true
    const table = `${folder}/${name}`.toLowerCase()
    if (wanted.has(table)) found.add(table)
    return wanted.has(table)
  })
  // Renames and drops that mariadb-backup saw, and its --prepare does again: names of files are not yet those of tables.
  const isRenamed = files.some(({ path }) => /\.(?:ren|del)$/.test(path))
  return found.size < wanted.size || isRenamed || kept.length === files.length ? undefined : kept
}
