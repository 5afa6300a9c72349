// What every backup of files does with what its method reads: a session, threads that store for it, and the commit.
import type { BackupMethod, StoredBackup } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import type { CellSink } from '../physical/pour/cell-store.ts'
import type { SourceRepository } from '../repository/source-repository.ts'
import type { UseCase } from './backup-instance.ts'
import { rememberedCells } from './remember-cells.ts'
import { sinkOnThreads, storeThreads } from './threads/sink-on-threads.ts'

/** `place` is that of the repository. `read` gets a signal that also a lost lease aborts. Throws what it throws, and what storing throws: then there is no backup. */
export async function commitFiles(
  source: SourceRepository,
  method: BackupMethod,
  place: string,
  { emit, signal }: UseCase,
  read: (sink: CellSink, signal: AbortSignal) => Promise<StoredBackup>,
): Promise<BackupSummary> {
  await using session = await source.beginBackup('physical', method, { signal, emit })
  await using sink = sinkOnThreads(session, place, storeThreads())
  using memory = await rememberedCells(session, emit)
  const cells: CellSink = {
    putChunk: (bytes, either) => sink.putChunk(bytes, either),
    ...(memory === undefined ? {} : { memory }),
  }
  const stored = await read(cells, session.signal)
  for (const message of stored.warnings) emit({ type: 'notice', level: 'warning', message })
  emit({ type: 'phase', phase: 'committing' })
  await sink.finish()
  // Awaited here: leaving this block without it would abandon the session under the commit.
  const summary = await session.commit(stored)
  if (!stored.isPartial) memory?.keep()
  return summary
}
