// A cell of a row for people.
import { cellOf } from '../byte-rows.ts'

const shownCharacters = 40
const shownBytes = 20
// 40 characters have up to 160 bytes, and each of them up to two in a row's text.
const lookedAt = 2 * 4 * shownCharacters + 2
const backslash = 0x5c

/** A number as it is, text in quotes, anything else as hex; long ones are cut. */
export function cellWords(text: Buffer): string {
  const value = cellOf(beginning(text))
  if (value === null) return 'NULL'
  const isCut = text.length > lookedAt
  const whole = textOf(value, isCut)
  if (whole === undefined) {
    const hex = value.subarray(0, shownBytes).toString('hex').toUpperCase()
    return value.length > shownBytes ? `0x${hex}…` : `0x${hex}`
  }
  if (!isCut && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(whole)) return whole
  const characters = Array.from(whole)
  return characters.length > shownCharacters
    ? `'${characters.slice(0, shownCharacters).join('')}…'`
    : `'${whole}'`
}

/** Of a cell that may have a gigabyte; not cut in the middle of an escape. */
function beginning(text: Buffer): Buffer {
  if (text.length <= lookedAt) return text
  let end = lookedAt
  while (end > 0 && text[end - 1] === backslash) end--
  return text.subarray(0, end + 2 * Math.floor((lookedAt - end) / 2))
}

/** Undefined where it is no text, or none to be read. */
function textOf(value: Buffer, isCut: boolean): string | undefined {
  try {
    // What was cut may end within a character.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value, { stream: isCut })
    return Array.from(text).some(isControl) ? undefined : text
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function isControl(character: string): boolean {
  return character < ' ' && !'\t\n\r'.includes(character)
}
