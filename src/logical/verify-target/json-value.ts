// What a JSON document says, in one form whatever its order and spacing.
import { cellOf } from '../byte-rows.ts'

// Integers of JSON on MySQL are 64 bits long; all other numbers are doubles.
const leastInteger = -(2n ** 63n)
const largestInteger = 2n ** 64n - 1n

/** The cell of a row as LOAD DATA text; one that holds no JSON stays as it is. */
export function jsonValue(cell: Buffer): Buffer {
  const value = cellOf(cell)
  if (value === null) return cell
  const text = value.toString('utf8')
  try {
    return Buffer.from(JSON.stringify(JSON.parse(text, plain)))
  } catch (error) {
    if (error instanceof SyntaxError) return cell
    throw error
  }
}

/** Members in the order of their names; numbers as a server keeps them, in strings that no other value can be. */
function plain(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === 'string') return `s${value}`
  if (typeof value === 'number') return `n${numberOf(context?.source ?? String(value))}`
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  return { members: members.flat() }
}

function numberOf(source: string): string {
  if (/^-?\d+$/.test(source)) {
    const integer = BigInt(source)
    if (integer >= leastInteger && integer <= largestInteger) return String(integer)
  }
  return `${Number(source)}d`
}
