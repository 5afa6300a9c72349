// Tells how far a stream has come: the place in the log, the last transaction, and how far behind the source it is.

import type { EmitEvent } from '../core/events.ts'
import { latencyText } from '../core/latency-text.ts'
import type { AcknowledgementCounter } from './acknowledger.ts'
import type { Archiver } from './archiver.ts'

const lastTold = new WeakMap<Archiver, number>()
const intervalMs = 500

/** Emits at most twice a second. `arrivalMillis` is when the last event came, by the source's clock. */
export function reportProgress(
  {
    archiver,
    acknowledgements,
    emit,
  }: {
    readonly archiver: Archiver
    readonly acknowledgements: AcknowledgementCounter
    readonly emit: EmitEvent
  },
  arrivalMillis: number,
): void {
  const now = Date.now()
  const { position, lastGtid, lastHeaderSeconds } = archiver
  if (position === undefined || now - (lastTold.get(archiver) ?? 0) < intervalMs) return
  lastTold.set(archiver, now)
  const lagSeconds =
    lastHeaderSeconds === undefined
      ? undefined
      : Math.max(0, Math.round(arrivalMillis / 1000 - lastHeaderSeconds))
  const lag = lagSeconds === undefined ? '' : `, ${lagSeconds} s behind`
  const told = acknowledgements.summary()
  const latency =
    told === undefined
      ? ''
      : `, acknowledged in ${latencyText(told.commits.p50Ms)} (p99 ${latencyText(told.commits.p99Ms)})`
  emit({
    type: 'progress',
    phase: 'streaming binary logs',
    done: archiver.receivedBytes,
    unit: 'bytes',
    detail: `${position.file}:${position.offset}${lastGtid === undefined ? '' : ` ${lastGtid}`}${lag}${latency}`,
  })
}
