// Tells how far the reading of a dump is: by the bytes of its files, for nothing says how much text is in them.
import type { EmitEvent } from '../../core/events.ts'
import { RowProgress } from '../../core/row-progress.ts'
import type { DumpVolume } from './dump-files.ts'

export class DumpProgress {
  readonly #progress: RowProgress
  readonly #volume: DumpVolume
  #toldBytes = 0

  constructor(volume: DumpVolume, emit: EmitEvent) {
    this.#volume = volume
    // Compressed files are not equally dense, and not every file has to be read.
    const expected = () => ({ total: Math.max(volume.sizeBytes, volume.readBytes), isEstimate: true })
    this.#progress = new RowProgress({ emit, phase: 'reading the dump', expected })
  }

  rowsCame(rows: number): void {
    this.#progress.add(this.#readSince(), rows, undefined)
  }

  finish(): void {
    this.#progress.add(this.#readSince(), 0, undefined)
    this.#progress.finish()
  }

  #readSince(): number {
    const since = this.#volume.readBytes - this.#toldBytes
    this.#toldBytes = this.#volume.readBytes
    return since
  }
}
