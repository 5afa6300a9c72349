// A number of bytes as people write it on a command line: 500K, 50M, 1.5GiB.

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** Units are those of IEC, whether written K, KB or KiB. Undefined for what is no number of bytes, or none that a number holds exactly. */
export function parseByteCount(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/i.exec(text)
  if (match === null) return undefined
  const bytes = Math.round(Number(match[1]) * (units[(match[2] ?? '').toLowerCase()] ?? Number.NaN))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
