// Talk for a terminal: finished phases scroll by, and the phase at work has one line that is repainted five times a second.
import { styleText } from 'node:util'
import type { HoldfastEvent, ProgressEvent } from '../../core/events.ts'
import { formatDuration } from './duration.ts'
import type { EventPrinter, TextOutput } from './event-printer.ts'
import { type PhaseClock, progressText, startClock } from './progress-text.ts'

const repaintEveryMs = 200
// "Erase to the end of the line" of ECMA-48, after a return to its start.
const eraseLine = '\r\u001B[K'

export function statusRegion(output: TextOutput): EventPrinter {
  let phase: { readonly name: string; readonly detail?: string; readonly startedMs: number } | undefined
  let progress: ProgressEvent | undefined
  let clock: PhaseClock | undefined
  let isShown = false
  const paint = (): void => {
    const nowMs = Date.now()
    const text =
      progress !== undefined && clock !== undefined
        ? progressText(progress, clock, nowMs)
        : phase === undefined
          ? undefined
          : `${phaseText(phase)} … ${formatDuration(nowMs - phase.startedMs)}`
    if (text === undefined) return
    output.write(eraseLine + text.slice(0, terminalColumns(output) - 1))
    isShown = true
  }
  const pause = (): void => {
    if (isShown) output.write(eraseLine)
    isShown = false
  }
  const line = (text: string): void => {
    pause()
    output.write(`${text}\n`)
  }
  const endPhase = (): void => {
    if (phase === undefined) return
    line(`${styleText('green', '✓')} ${phaseText(phase)} (${formatDuration(Date.now() - phase.startedMs)})`)
    phase = undefined
    progress = undefined
    clock = undefined
  }
  const startPhase = (name: string, detail: string | undefined): void => {
    endPhase()
    phase = { name, startedMs: Date.now(), ...(detail === undefined ? {} : { detail }) }
    paint()
  }
  const emit = (event: HoldfastEvent): void => {
    if (event.type === 'notice') {
      line(event.level === 'warning' ? `${styleText('yellow', 'warning:')} ${event.message}` : event.message)
    } else if (event.type === 'phase') {
      startPhase(event.phase, event.detail)
    } else {
      if (event.phase !== phase?.name) startPhase(event.phase, undefined)
      clock ??= startClock(event, Date.now())
      progress = event
    }
  }
  const timer = setInterval(paint, repaintEveryMs)
  timer.unref()
  return {
    emit,
    say: line,
    pause,
    close: (outcome) => {
      clearInterval(timer)
      if (outcome === 'done') endPhase()
      pause()
    },
  }
}

/** Some terminals say that they have no columns. */
function terminalColumns({ columns = 0 }: TextOutput): number {
  return columns > 0 ? columns : 80
}

function phaseText(phase: { readonly name: string; readonly detail?: string }): string {
  return phase.detail === undefined ? phase.name : `${phase.name}: ${phase.detail}`
}
