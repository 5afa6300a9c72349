// Draws the history of an instance: a line for its backups and one for each timeline, all over one axis of time.
import { visibleLine } from './visible-text.ts'

export interface Span {
  /** Microseconds since 1970. */
  readonly from: number
  readonly to: number
}

export interface DrawnTimeline extends Span {
  readonly name: string
  readonly recoverable: readonly Span[]
  readonly holes: readonly Span[]
}

export interface Drawing {
  readonly backups: readonly number[]
  readonly timelines: readonly DrawnTimeline[]
}

export const legend = 'B backup (2 to 9, + so many)   = can be recovered   - archived only   X hole'

/** No line is longer than `width`. `formatTime` writes the two ends of the axis. */
export function drawTimelines(
  { backups, timelines }: Drawing,
  width: number,
  formatTime: (micros: number) => string,
): string[] {
  const times = [...backups, ...timelines.flatMap(({ from, to }) => [from, to])]
  if (times.length === 0) return []
  const start = times.reduce((a, b) => Math.min(a, b))
  const end = times.reduce((a, b) => Math.max(a, b))
  const names = timelines.map(({ name }) => visibleLine(name))
  const labelWidth = Math.max('backups'.length, ...names.map(({ length }) => length)) + 2
  const columns = Math.max(10, width - labelWidth)
  const columnOf = (micros: number): number =>
    Math.round(((micros - start) / Math.max(1, end - start)) * (columns - 1))
  const line = (label: string, cells: readonly string[]): string =>
    (label.padEnd(labelWidth) + cells.join('')).trimEnd().slice(0, width)
  return [
    line('', [axis(formatTime(start), formatTime(end), columns)]),
    line('backups', backupCells(backups.map(columnOf), columns)),
    ...timelines.map((timeline, i) => line(names[i] ?? '', timelineCells(timeline, columns, columnOf))),
  ]
}

/** Both ends where there is room for them, else the first alone. */
function axis(first: string, last: string, columns: number): string {
  return first.length + last.length + 1 > columns ? first : first.padEnd(columns - last.length) + last
}

function backupCells(at: readonly number[], columns: number): string[] {
  const counts = Map.groupBy(at, (column) => column)
  return Array.from({ length: columns }, (_, column) => {
    const count = counts.get(column)?.length ?? 0
    if (count === 0) return ' '
    return count === 1 ? 'B' : count > 9 ? '+' : String(count)
  })
}

function timelineCells(
  timeline: DrawnTimeline,
  columns: number,
  columnOf: (micros: number) => number,
): string[] {
  const cells = Array.from({ length: columns }, () => ' ')
  const fill = ({ from, to }: Span, mark: string): void => {
    const first = Math.max(columnOf(timeline.from), columnOf(from))
    const last = Math.min(columnOf(timeline.to), columnOf(to))
    cells.fill(mark, first, Math.max(first, last) + 1)
  }
  fill(timeline, '-')
  for (const span of timeline.recoverable) fill(span, '=')
  for (const span of timeline.holes) fill(span, 'X')
  return cells
}
