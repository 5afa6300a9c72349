// A backup as another kind of server would have made it: whoever loads it need not know.
import type { BackupSource } from '../../core/backup.ts'
import { releaseNumber } from '../../instance/server-release.ts'
import { type LogicalContent, parseLogicalContent, type SchemaContent } from '../content.ts'
import { ChangedRows } from './changed-rows.ts'
import type { TranslationEntry } from './report.ts'
import type { TargetServer } from './target-server.ts'
import { translateContent } from './translate-content.ts'

export interface TranslatedBackup {
  readonly backup: BackupSource
  readonly content: LogicalContent
  readonly entries: readonly TranslationEntry[]
}

/**
 * Reads the rows of tables that keep versions of them, for how many of them still hold; else no rows.
 * @throws HoldfastError UNSUPPORTED, and what reading the backup throws
 */
export async function translateBackup(
  backup: BackupSource,
  target: TargetServer,
  signal: AbortSignal | undefined,
): Promise<TranslatedBackup> {
  const { flavour, serverVersion } = backup.origin
  const source = { flavour, version: serverVersion, release: releaseNumber(serverVersion) }
  const translated = translateContent(parseLogicalContent(backup.content), source, target)
  const rows = new ChangedRows(backup, translated.rowChanges)
  const entries = [...translated.entries]
  const schemas: SchemaContent[] = []
  for (const schema of translated.content.schemas) {
    const tables: SchemaContent['tables'] = []
    for (const table of schema.tables) {
      const change = table.object === undefined ? undefined : translated.rowChanges.get(table.object)
      if (change?.kind !== 'current-only' || table.object === undefined) {
        tables.push(table)
        continue
      }
      const { chunks } = await rows.object(table.object, signal)
      const kept = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
      const past = table.rows - kept
      if (past > 0) {
        const what = `${past} ${past === 1 ? 'row' : 'rows'} of the past: only what holds now is carried`
        entries.push({ object: `table ${schema.name}.${table.name}`, what, severity: 'dropped' })
      }
      tables.push({ ...table, rows: kept })
    }
    schemas.push({ ...schema, tables })
  }
  const content = { ...translated.content, schemas }
  return {
    content,
    entries,
    backup: {
      content,
      origin: {
        ...backup.origin,
        flavour: target.flavour,
        serverVersion: target.version,
        isTranslated: true,
      },
      point: backup.point,
      objectNames: () => backup.objectNames(),
      object: (name, own) => rows.object(name, own),
      getChunk: (id, own) => rows.getChunk(id, own),
    },
  }
}
