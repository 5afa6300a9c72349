// One value that stands for everything archived up to a segment: change a byte or a word of an index before it, and it is another.
import { createHash } from 'node:crypto'

/**
 * SHA-256 over the JSON of an index without its `chain`, keys in order of their code units, no white space. The index holds the SHA-256
 * of the data and the chain value of the segment before, so both are in it. `index` is the JSON value as it was stored: fields that
 * only a newer version knows count too.
 */
export function indexChain(index: object): string {
  const { chain: _, ...rest } = { chain: '', ...index }
  return createHash('sha256').update(canonicalJson(rest)).digest('hex')
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    // Columns of many thousand numbers, which have but one way to be written.
    return value.every(isNumber) ? JSON.stringify(value) : `[${value.map(canonicalJson).join(',')}]`
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number'
}
