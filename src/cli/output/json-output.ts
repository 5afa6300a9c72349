// Output for programs: JSON Lines with a `type` while long work goes on, or one document for a query.
import type { HoldfastEvent, ProgressEvent } from '../../core/events.ts'
import type { EventPrinter, TextOutput } from './event-printer.ts'
import { Pace } from './pace.ts'
import { percentDone } from './progress-text.ts'

// More would only fill logs; phases and notices are never held back, nor is the last of a phase.
const progressEveryMs = 1000

/** Events as JSON Lines; a query (`document`) prints none, its warnings go into the document. */
export function jsonPrinter(
  output: TextOutput,
  options: { readonly isQuiet: boolean; readonly json: 'document' | 'lines' },
): EventPrinter {
  let phase: { readonly name: string; readonly pace: Pace } | undefined
  let heldBack: ProgressEvent | undefined
  let lastProgressMs = 0
  const line = (value: object): void => {
    output.write(`${toJson(value)}\n`)
  }
  const tell = (event: ProgressEvent, pace: Pace, nowMs: number): void => {
    heldBack = undefined
    lastProgressMs = nowMs
    line({ ...event, ...ratesOf(pace, nowMs) })
  }
  const endPhase = (): void => {
    if (heldBack !== undefined && phase !== undefined) tell(heldBack, phase.pace, Date.now())
    phase = undefined
  }
  const emitProgress = (event: ProgressEvent): void => {
    if (options.isQuiet) return
    const nowMs = Date.now()
    if (phase?.name !== event.phase) {
      endPhase()
      phase = { name: event.phase, pace: new Pace(event, nowMs) }
    }
    phase.pace.note(event, nowMs)
    if (nowMs - lastProgressMs < progressEveryMs) heldBack = event
    else tell(event, phase.pace, nowMs)
  }
  const emit = (event: HoldfastEvent): void => {
    if (options.json === 'document') return
    if (event.type === 'progress') return emitProgress(event)
    if (event.type === 'phase') endPhase()
    line({ ...event })
  }
  const close = (outcome: 'done' | 'failed'): void => {
    if (outcome === 'done') endPhase()
  }
  return { emit, say: () => undefined, pause: () => undefined, close }
}

/** `secondsLeft` may be a lower bound, and `percent` is absent where the end is not known. */
function ratesOf(pace: Pace, nowMs: number): object {
  const { perSecond, rowsPerSecond, leftMs, isLeftAtLeast } = pace.rates(nowMs)
  const percent = percentDone(pace.latest)
  return {
    ...(percent === undefined ? {} : { percent }),
    ...(perSecond === undefined ? {} : { perSecond: Math.round(perSecond) }),
    ...(rowsPerSecond === undefined ? {} : { rowsPerSecond: Math.round(rowsPerSecond) }),
    ...(leftMs === undefined ? {} : { secondsLeft: Math.round(leftMs / 1000) }),
    ...(isLeftAtLeast === true ? { isLeftAtLeast } : {}),
  }
}

/** JSON of a value; bigint as text, because JSON numbers lose digits past 2^53. */
export function toJson(value: unknown, indent = 0): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item),
    indent,
  )
}
