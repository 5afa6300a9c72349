// What every method hands over when the files of a server are stored.
import type { StoredBackup } from '../core/backup.ts'
import type { PhysicalContent } from './content.ts'
import type { Poured } from './pour/pouring.ts'

type OfServer = 'server' | 'bounds' | 'prepare' | 'snapshot' | 'isClean' | 'optionFiles'

export interface TakenFiles extends Pick<StoredBackup, 'method' | 'origin' | 'point'> {
  /** By default of a server that ran, or crashed, and without option files. */
  readonly content: Pick<PhysicalContent, 'server'> & Partial<Pick<PhysicalContent, OfServer>>
  readonly isPartial?: boolean
  readonly warnings?: readonly string[]
}

export function storedBackup(
  { objects, ...poured }: Poured,
  { content, isPartial = false, warnings = [], ...taken }: TakenFiles,
): StoredBackup {
  const whole: PhysicalContent = { format: 1, isClean: false, optionFiles: [], ...content, ...poured }
  return { kind: 'physical', ...taken, content: whole, objects, isPartial, warnings }
}
