// Tells how far the reading of a dump is.
import type { BackupSink } from '../../core/backup.ts'
import type { EmitEvent } from '../../core/events.ts'
import { RowIntake } from './row-intake.ts'

export function countedIntake(options: {
  readonly sink: BackupSink
  readonly emit: EmitEvent
  readonly signal?: AbortSignal | undefined
}): RowIntake {
  const { sink, emit, signal } = options
  let done = 0
  const onBytes = (bytes: number): void => {
    done += bytes
    emit({ type: 'progress', phase: 'reading the dump', done, unit: 'bytes' })
  }
  emit({ type: 'phase', phase: 'reading the dump' })
  return new RowIntake(sink, onBytes, signal)
}
