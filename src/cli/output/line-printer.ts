// Talk for pipes and logs: a line for each phase, a progress line every 30 s, and never a carriage return.
import type { HoldfastEvent } from '../../core/events.ts'
import type { EventPrinter, TextOutput } from './event-printer.ts'
import { type PhaseClock, progressText, startClock } from './progress-text.ts'

// A nightly backup of eight hours then writes about a thousand lines to its log.
const progressEveryMs = 30_000

export function linePrinter(output: TextOutput, options: { readonly isQuiet: boolean }): EventPrinter {
  let clock: PhaseClock | undefined
  let phase: string | undefined
  let lastLineMs = 0
  const line = (text: string): void => {
    output.write(`${text}\n`)
  }
  const startPhase = (name: string, detail: string | undefined): void => {
    if (phase === name && detail === undefined) return
    phase = name
    clock = undefined
    lastLineMs = Date.now()
    line(detail === undefined ? name : `${name}: ${detail}`)
  }
  const emit = (event: HoldfastEvent): void => {
    if (event.type === 'notice') {
      if (event.level === 'warning') line(`warning: ${event.message}`)
      else if (!options.isQuiet) line(event.message)
      return
    }
    if (options.isQuiet) return
    if (event.type === 'phase') return startPhase(event.phase, event.detail)
    const nowMs = Date.now()
    if (event.phase !== phase) startPhase(event.phase, undefined)
    clock ??= startClock(event, nowMs)
    if (nowMs - lastLineMs < progressEveryMs) return
    lastLineMs = nowMs
    line(progressText(event, clock, nowMs))
  }
  return {
    emit,
    say: (text) => {
      if (!options.isQuiet) line(text)
    },
    pause: () => undefined,
    close: () => undefined,
  }
}
