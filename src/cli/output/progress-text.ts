// One progress event as a line: how much of how much, how fast, how long still.
import type { ProgressEvent } from '../../core/events.ts'
import { formatBytes } from './byte-size.ts'
import { formatDuration } from './duration.ts'

/** What was seen of a phase so far, to tell its speed. */
export interface PhaseClock {
  readonly startedMs: number
  /** `done` at the first progress event of the phase: a resumed phase does not start at 0. */
  readonly startedDone: number
  /** Rows at that event, where they are told. */
  readonly startedRows?: number
}

/** Starts at the first progress event of a phase. */
export function startClock(event: ProgressEvent, nowMs: number): PhaseClock {
  const rows = event.rows === undefined ? {} : { startedRows: event.rows }
  return { startedMs: nowMs, startedDone: event.done, ...rows }
}

/** `reading tables: 41.2 GiB of ~98.0 GiB (42 %), 312 MiB/s, 1,204,000 rows/s, 3 min 10 s left` */
export function progressText(event: ProgressEvent, clock: PhaseClock, nowMs: number): string {
  const parts = [amount(event)]
  const elapsedSeconds = (nowMs - clock.startedMs) / 1000
  const perSecond = elapsedSeconds >= 1 ? (event.done - clock.startedDone) / elapsedSeconds : 0
  if (perSecond > 0) {
    parts.push(`${quantity(perSecond, event.unit)}/s`)
    if (event.rows !== undefined) {
      const rows = event.rows - (clock.startedRows ?? 0)
      parts.push(`${quantity(rows / elapsedSeconds, 'rows')}/s`)
    }
    // An ETA from the first seconds would only jump about.
    if (event.total !== undefined && event.total > event.done && elapsedSeconds >= 3) {
      parts.push(`${formatDuration(((event.total - event.done) / perSecond) * 1000)} left`)
    }
  }
  const detail = event.detail === undefined ? '' : ` (${event.detail})`
  return `${event.phase}: ${parts.join(', ')}${detail}`
}

function amount(event: ProgressEvent): string {
  const done = quantity(event.done, event.unit)
  if (event.total === undefined) return done
  const about = event.isEstimate === true ? '~' : ''
  const total = `${about}${quantity(event.total, event.unit)}`
  const unit = event.unit === 'bytes' ? '' : ` ${event.unit}`
  const start = event.unit === 'bytes' ? done : done.slice(0, -unit.length)
  return `${start} of ${total}${percent(event)}`
}

function percent(event: ProgressEvent): string {
  if (event.total === undefined || event.total <= 0) return ''
  // An estimate can be passed; more than all of it would only confuse.
  return ` (${Math.min(100, Math.floor((event.done / event.total) * 100))} %)`
}

function quantity(value: number, unit: ProgressEvent['unit']): string {
  return unit === 'bytes' ? formatBytes(value) : `${groupDigits(Math.round(value))} ${unit}`
}

/** 1234567 as `1,234,567`, whatever the locale of the machine. */
export function groupDigits(value: number): string {
  return value.toLocaleString('en-US')
}
