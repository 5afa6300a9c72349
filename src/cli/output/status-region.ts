// Talk for a terminal: finished phases scroll by, and the phase at work has a line or two that are repainted five times a second.
import { styleText } from 'node:util'
import { formatDuration } from '../../core/duration.ts'
import type { HoldfastEvent } from '../../core/events.ts'
import type { EventPrinter, TextOutput } from './event-printer.ts'
import { Pace } from './pace.ts'
import { doneText, progressLines } from './progress-text.ts'

const repaintEveryMs = 200
// "Erase to the end of the line" of ECMA-48, after a return to its start.
const eraseLine = '\r\u001B[K'
const lineUp = '\u001B[A'

export function statusRegion(output: TextOutput): EventPrinter {
  let phase: { readonly name: string; readonly detail?: string; readonly startedMs: number } | undefined
  let pace: Pace | undefined
  let shownLines = 0
  const paint = (): void => {
    const nowMs = Date.now()
    const columns = terminalColumns(output) - 1
    const lines =
      pace !== undefined
        ? progressLines(pace, nowMs, columns)
        : phase === undefined
          ? []
          : [`${phaseText(phase)} … ${formatDuration(nowMs - phase.startedMs)}`]
    if (lines.length === 0) return
    output.write(eraseShown() + lines.map((text) => eraseLine + text.slice(0, columns)).join('\n'))
    shownLines = lines.length
  }
  const eraseShown = (): string => (eraseLine + lineUp).repeat(Math.max(0, shownLines - 1))
  const pause = (): void => {
    if (shownLines > 0) output.write(eraseShown() + eraseLine)
    shownLines = 0
  }
  const line = (text: string): void => {
    pause()
    output.write(`${text}\n`)
  }
  const endPhase = (): void => {
    if (phase === undefined) return
    const nowMs = Date.now()
    const done = pace === undefined ? undefined : doneText(pace, nowMs)
    const what = done === undefined ? phaseText(phase) : `${phaseText(phase)}: ${done}`
    line(`${styleText('green', '✓')} ${what} (${formatDuration(nowMs - phase.startedMs)})`)
    phase = undefined
    pace = undefined
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
      const nowMs = Date.now()
      pace ??= new Pace(event, nowMs)
      pace.note(event, nowMs)
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
