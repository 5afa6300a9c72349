// What of a cell counts when rows are compared that cannot have the same text.
import { jsonValue } from './json-value.ts'
import { cellTexts, rowOf } from './row-text.ts'

/**
 * `same`: every byte. `json`: MySQL keeps DECIMAL and other SQL types within JSON, but takes text back as integers and doubles only, so 1.10
 * comes back as 1.1. `json-value`: what the JSON says, whatever its order and spacing. `double`: -0 is 0, since not every version keeps the
 * sign. `masked`: the value, for a mask's text is not always that of its column: 1.5 is 1.50 there. `none`: nothing, its text depends on the
 * server.
 */
export type CellRule = 'same' | 'json' | 'json-value' | 'double' | 'masked' | 'none'

/** A row in which everything that does not count is alike. */
export function comparedText(row: Buffer, rules: readonly CellRule[] | undefined): Buffer {
  if (rules === undefined) return row
  return rowOf(cellTexts(row).map((cell, at) => comparedCell(cell, rules[at] ?? 'same')))
}

export function comparedCell(cell: Buffer, rule: CellRule): Buffer {
  if (rule === 'none') return empty
  if (rule === 'same') return cell
  if (rule === 'json-value') return jsonValue(cell)
  const text = cell.toString('latin1')
  if (rule === 'double') return text === '-0' ? Buffer.from('0') : cell
  return Buffer.from(rule === 'json' ? plainNumbers(text) : plainValue(text), 'latin1')
}

const empty = Buffer.alloc(0)

// In a row's text a backslash is written twice: a quote within a string is \\" there, and a backslash \\\\.
const stringOrNumber = /"(?:[^"\\]|\\\\\\\\|\\\\[^\\])*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
// Integers of JSON on MySQL are 64 bits long.
const leastInteger = -(2n ** 63n)
const largestInteger = 2n ** 64n - 1n

/** JSON with each number as a load from text makes it: an integer that fits into 64 bits, or a double. */
function plainNumbers(json: string): string {
  return json.replaceAll(stringOrNumber, (token) => {
    if (token.startsWith('"')) return token
    if (/^-?\d+$/.test(token)) {
      const value = BigInt(token)
      if (value >= leastInteger && value <= largestInteger) return String(value)
    }
    return `${Number(token)}d`
  })
}

/** A number as FLOAT, the shortest type, has it; a time without zeros behind, and a binary without those that fill it up. */
function plainValue(text: string): string {
  if (/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text)) return String(Math.fround(Number(text)))
  return text.replace(/(:\d\d)\.0+$/, '$1').replace(/(?:\\0)+$/, '')
}
