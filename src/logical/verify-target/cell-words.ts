// A cell of a row for people.
import { isUtf8 } from 'node:buffer'
import { cellOf } from '../byte-rows.ts'

const shownCharacters = 40
const shownBytes = 20

/** A number as it is, text in quotes, anything else as hex; long ones are cut. */
export function cellWords(text: Buffer): string {
  const value = cellOf(text)
  if (value === null) return 'NULL'
  const characters = isUtf8(value) ? Array.from(value.toString('utf8')) : undefined
  if (characters === undefined || characters.some(isControl)) {
    const hex = value.subarray(0, shownBytes).toString('hex').toUpperCase()
    return value.length > shownBytes ? `0x${hex}… (${value.length} bytes)` : `0x${hex}`
  }
  const whole = characters.join('')
  if (/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(whole)) return whole
  return characters.length > shownCharacters
    ? `'${characters.slice(0, shownCharacters).join('')}…'`
    : `'${whole}'`
}

function isControl(character: string): boolean {
  return character < ' ' && !'\t\n\r'.includes(character)
}
