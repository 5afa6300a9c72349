// How long a short wait took, for people: two digits are enough.

/** `0.42 ms`, `3.1 ms`, `47 ms`, `1.2 s`. */
export function latencyText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
  return `${ms.toFixed(ms < 1 ? 2 : ms < 10 ? 1 : 0)} ms`
}
