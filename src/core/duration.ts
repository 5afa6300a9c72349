// Spans of time as people read them: two units at most.

/** `0.8 s`, `42 s`, `3 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, milliseconds)
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return pair(seconds, 60, 'min', 1, 's')
  if (seconds < 86_400) return pair(seconds, 3600, 'h', 60, 'min')
  return pair(seconds, 86_400, 'd', 3600, 'h')
}

function pair(
  seconds: number,
  largeSeconds: number,
  large: string,
  smallSeconds: number,
  small: string,
): string {
  const rest = Math.floor((seconds % largeSeconds) / smallSeconds)
  return `${Math.floor(seconds / largeSeconds)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}
