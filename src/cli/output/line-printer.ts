// Talk for pipes and logs: a line for each phase, a progress line every 30 s and at its end, and never a carriage return.

import { formatDuration } from '../../core/duration.ts'
import type { HoldfastEvent } from '../../core/events.ts'
import type { EventPrinter, TextOutput } from './event-printer.ts'
import { Pace } from './pace.ts'
import { doneText, progressText } from './progress-text.ts'

// A nightly backup of eight hours then writes about a thousand lines to its log.
const progressEveryMs = 30_000

interface Phase {
  readonly name: string
  readonly startedMs: number
  pace?: Pace
  lastLineMs: number
}

export function linePrinter(output: TextOutput, options: { readonly isQuiet: boolean }): EventPrinter {
  let phase: Phase | undefined
  const line = (text: string): void => {
    output.write(`${text}\n`)
  }
  const endPhase = (): void => {
    if (phase?.pace !== undefined) {
      const nowMs = Date.now()
      const done = doneText(phase.pace, nowMs)
      if (done !== undefined) line(`${phase.name}: ${done} in ${formatDuration(nowMs - phase.startedMs)}`)
    }
    phase = undefined
  }
  const startPhase = (name: string, detail: string | undefined): Phase => {
    if (phase?.name === name && detail === undefined) return phase
    endPhase()
    const nowMs = Date.now()
    line(detail === undefined ? name : `${name}: ${detail}`)
    phase = { name, startedMs: nowMs, lastLineMs: nowMs }
    return phase
  }
  const emit = (event: HoldfastEvent): void => {
    if (event.type === 'notice') {
      if (event.level === 'warning') line(`warning: ${event.message}`)
      else if (!options.isQuiet) line(event.message)
      return
    }
    if (options.isQuiet) return
    if (event.type === 'phase') {
      startPhase(event.phase, event.detail)
      return
    }
    const nowMs = Date.now()
    const current = startPhase(event.phase, undefined)
    current.pace ??= new Pace(event, nowMs)
    current.pace.note(event, nowMs)
    if (nowMs - current.lastLineMs < progressEveryMs) return
    current.lastLineMs = nowMs
    line(progressText(current.pace, nowMs))
  }
  return {
    emit,
    say: (text) => {
      if (!options.isQuiet) line(text)
    },
    pause: () => undefined,
    close: (outcome) => {
      if (outcome === 'done') endPhase()
    },
  }
}
