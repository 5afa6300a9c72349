// How far a clone is, by what its donor estimates for each of its states.
import type { EmitEvent } from '../../core/events.ts'
import type { CloneEvent } from '../../wire/clone/clone-transfer.ts'
import { cloneState } from '../../wire/clone/descriptor.ts'

const phases: Readonly<Record<number, string>> = {
  [cloneState.fileCopy]: 'receiving files',
  [cloneState.pageCopy]: 'receiving changed pages',
  [cloneState.redoCopy]: 'receiving the redo log',
}

export class CloneReport {
  readonly #emit: EmitEvent
  #phase: string | undefined
  #doneBytes = 0
  #estimatedBytes = 0

  constructor(emit: EmitEvent) {
    this.#emit = emit
  }

  add(event: CloneEvent): void {
    if (event.kind === 'state') {
      const phase = phases[event.state.state]
      if (phase === undefined || phase === this.#phase) return
      this.#phase = phase
      this.#doneBytes = 0
      this.#estimatedBytes = event.state.estimatedBytes
      this.#emit({ type: 'phase', phase })
    } else if (event.kind === 'data' && this.#phase !== undefined) {
      this.#doneBytes += event.bytes.length
      this.#emit({
        type: 'progress',
        phase: this.#phase,
        done: this.#doneBytes,
        // Changed pages come without an estimate.
        ...(this.#estimatedBytes === 0
          ? {}
          : { total: Math.max(this.#estimatedBytes, this.#doneBytes), isEstimate: true }),
        unit: 'bytes',
      })
    }
  }
}
