// One progress event as a line: how much of how much, how fast, how long still. What nobody knows for sure is marked as such.

import { formatBytes } from '../../core/byte-size.ts'
import { formatDuration } from '../../core/duration.ts'
import type { ProgressEvent } from '../../core/events.ts'
import type { Pace, Speed } from './pace.ts'

/** `reading tables: 41.2 GiB of about 98.0 GiB (42 %), 312 MiB/s, 1,204,000 rows/s, about 3 min 10 s left (shop.orders)` */
export function progressText(pace: Pace, nowMs: number): string {
  const { done, left, detail } = progressParts(pace, nowMs)
  return `${[done, ...left].join(', ')}${detail}`
}

/** The same in two lines where one of so many columns does not hold it: what is done, and what is left. */
export function progressLines(pace: Pace, nowMs: number, columns: number): readonly string[] {
  const { done, left, detail } = progressParts(pace, nowMs)
  const line = `${[done, ...left].join(', ')}${detail}`
  const rest = `${left.join(', ')}${detail}`.trimStart()
  return line.length <= columns || rest === '' ? [line] : [done, `  ${rest}`]
}

function progressParts(pace: Pace, nowMs: number) {
  const event = pace.latest
  const { leftMs, isLeftAtLeast, ...speed } = pace.rates(nowMs)
  const how = isLeftAtLeast === true ? 'at least' : 'about'
  return {
    done: `${event.phase}: ${[amount(event), ...speedParts(speed, event.unit)].join(', ')}`,
    left: [
      ...(leftMs === undefined ? [] : [`${how} ${formatDuration(leftMs)} left`]),
      ...(event.followedBy === undefined ? [] : [`then ${event.followedBy}`]),
    ],
    detail: event.detail === undefined ? '' : ` (${event.detail})`,
  }
}

/**
 * `41.2 GiB, 130,000,000 rows, 312 MiB/s, 1,204,000 rows/s`: a phase that is over, with its average speed. Undefined where the last that was
 * told of it was not its end.
 */
export function doneText(pace: Pace, nowMs: number): string | undefined {
  const { done, total, isEstimate, followedBy, rows, unit } = pace.latest
  if (done !== total || isEstimate === true || followedBy !== undefined) return undefined
  const rowCount = rows === undefined ? [] : [quantity(rows, 'rows')]
  return [quantity(done, unit), ...rowCount, ...speedParts(pace.average(nowMs) ?? {}, unit)].join(', ')
}

/** Whole percents; only what is known is ever done altogether. Undefined where the end is not known. */
export function percentDone({
  done,
  total,
  isEstimate,
  isAtLeast,
  followedBy,
}: ProgressEvent): number | undefined {
  if (total === undefined || total <= 0 || isAtLeast === true) return undefined
  return Math.min(
    isEstimate === true || followedBy !== undefined ? 99 : 100,
    Math.floor((done / total) * 100),
  )
}

function speedParts(
  { perSecond, rowsPerSecond }: Partial<Speed>,
  unit: ProgressEvent['unit'],
): readonly string[] {
  return [
    ...(perSecond === undefined ? [] : [`${quantity(perSecond, unit)}/s`]),
    ...(rowsPerSecond === undefined ? [] : [`${quantity(rowsPerSecond, 'rows')}/s`]),
  ]
}

function amount(event: ProgressEvent): string {
  const { done, total, unit, isEstimate, isAtLeast } = event
  if (total === undefined) return quantity(done, unit)
  const how = isAtLeast === true ? 'at least ' : isEstimate === true ? 'about ' : ''
  const start = unit === 'bytes' ? formatBytes(done) : groupDigits(Math.round(done))
  const percent = percentDone(event)
  return `${start} of ${how}${quantity(total, unit)}${percent === undefined ? '' : ` (${percent} %)`}`
}

function quantity(value: number, unit: ProgressEvent['unit']): string {
  if (unit === 'bytes') return formatBytes(value)
  const count = Math.round(value)
  return `${groupDigits(count)} ${count === 1 ? unit.slice(0, -1) : unit}`
}

/** 1234567 as `1,234,567`, whatever the locale of the machine. */
export function groupDigits(value: number): string {
  return value.toLocaleString('en-US')
}
