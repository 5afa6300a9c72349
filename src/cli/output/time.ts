// Moments as people read them: local time with its offset from UTC, always, so that no reader has to guess the zone.

/** `2026-11-23 05:11:06 +01:00`; the zone is that of the process (TZ). */
export function formatTime(moment: Date | string | number): string {
  const date = new Date(moment)
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString()
  return `${local.slice(0, 10)} ${local.slice(11, 19)} ${offset(date)}`
}

/** The same with microseconds: `2026-11-23 05:11:06.123456 +01:00`. */
export function formatMicros(micros: number): string {
  const text = formatTime(Math.floor(micros / 1000))
  // Below zero (before 1970) `%` would be negative; commit times never are.
  const fraction = String(Math.floor(micros % 1_000_000)).padStart(6, '0')
  return `${text.slice(0, 19)}.${fraction}${text.slice(19)}`
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  const absolute = Math.abs(minutes)
  const hours = String(Math.floor(absolute / 60)).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${hours}:${String(absolute % 60).padStart(2, '0')}`
}
