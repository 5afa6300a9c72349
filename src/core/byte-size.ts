// Sizes as people read them: IEC units, three significant digits at most.

const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** `0 B`, `1023 B`, `1.0 KiB`, `9.8 GiB`, `612 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`
  let value = bytes
  let unit = 'B'
  for (const next of units) {
    // 1023.5 and more would round to "1024", which belongs to the next unit.
    if (value < 1023.5) break
    value /= 1024
    unit = next
  }
  return `${value < 99.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`
}
