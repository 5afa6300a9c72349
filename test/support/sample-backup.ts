// Small backups for tests of the repository: texts as chunks of objects.
import type { BackupResult, BackupSource } from '../../src/core/backup.ts'
import type { BackupSummary } from '../../src/core/backup-summary.ts'
import type { BeginBackupOptions, SourceRepository } from '../../src/repository/source-repository.ts'

/** Chunks of each object, as texts. */
export type SampleObjects = Readonly<Record<string, readonly string[]>>

/** What a sample is, beside rows of a whole server. */
export type SampleLine = Partial<Pick<BackupResult, 'kind' | 'method' | 'isPartial'>>

export function sampleResult(
  objects: BackupResult['objects'],
  content: unknown = {},
  line: SampleLine = {},
): BackupResult {
  return {
    kind: 'logical',
    method: 'dump',
    origin: { flavour: 'mariadb', serverVersion: '11.8.3', serverId: 1, gtidDomainId: 0 },
    point: { position: { file: 'binlog.000001', offset: 4 }, timeMicros: 1_700_000_000_000_000 },
    content,
    objects,
    isPartial: false,
    warnings: [],
    ...line,
  }
}

/** Takes a backup of `objects`. */
export async function takeBackup(
  source: SourceRepository,
  objects: SampleObjects,
  options?: BeginBackupOptions & { readonly content?: unknown; readonly line?: SampleLine },
): Promise<BackupSummary> {
  const { kind = 'logical', method = 'dump' } = options?.line ?? {}
  await using session = await source.beginBackup(kind, method, options)
  const stored: BackupResult['objects'][number][] = []
  for (const [name, texts] of Object.entries(objects)) {
    const chunks = await Promise.all(
      texts.map(async (text) => {
        const bytes = Buffer.from(text)
        return { id: await session.putChunk(bytes), plainBytes: bytes.length, rows: 1, rowHash: 'ab' }
      }),
    )
    stored.push({ name, chunks })
  }
  return await session.commit(
    sampleResult(stored, options?.content ?? { names: Object.keys(objects) }, options?.line),
  )
}

/** Reads everything that a backup holds. */
export async function readObjects(backup: BackupSource): Promise<Record<string, string[]>> {
  const objects: Record<string, string[]> = {}
  for (const name of backup.objectNames()) {
    const { chunks } = await backup.object(name)
    objects[name] = await Promise.all(chunks.map(async ({ id }) => (await backup.getChunk(id)).toString()))
  }
  return objects
}
