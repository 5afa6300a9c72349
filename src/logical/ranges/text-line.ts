// Texts and bytes as points on a line: the characters after what two of them share are the digits of a number.
import { characterOrder } from './character-order.ts'

/** A part of the way from one value to another. */
export interface Fraction {
  readonly part: bigint
  readonly of: bigint
}

// 16 digits of 256 are 128 bits: values as long as a UUID are told apart however alike they begin.
const digits = 16

interface Digits {
  /** More than the largest digit; 0 stands for the end of the text. */
  readonly base: bigint
  /** 1 or more. */
  digit(character: number): number
  character(digit: number): number
}

/** Bytes in hex at a fraction between two others; undefined when they are not in the order of their bytes. */
export function bytesBetween(low: string, high: string, fraction: Fraction): string | undefined {
  const between = digitsBetween([...Buffer.from(low, 'hex')], [...Buffer.from(high, 'hex')], fraction, {
    base: 257n,
    digit: (byte) => byte + 1,
    character: (digit) => digit - 1,
  })
  return between === undefined ? undefined : Buffer.from(between).toString('hex').toUpperCase()
}

/** What counts for the order of a text column. */
export interface TextOrder {
  readonly charset: string
  readonly collation: string
}

/** A way to guess a text between two others; undefined when it knows none. */
type TextGuess = (low: string, high: string, fraction: Fraction, order: TextOrder) => string | undefined

const byCode: TextGuess = (low, high, fraction, { charset }) =>
  charactersBetween(codesOf(low), codesOf(high), fraction, (codes) =>
    alphabetOf(codes, binaryAlphabets, charset),
  )
const byLetter: TextGuess = (low, high, fraction, { charset }) =>
  charactersBetween(codesOf(low), codesOf(high), fraction, (codes) => alphabetOf(codes, alphabets, charset))
/** At least it tells these two apart. */
const byFirst: TextGuess = (low, high) => {
  const [lowCodes, highCodes] = [codesOf(low), codesOf(high)]
  const length = commonLength(lowCodes, highCodes)
  return length === highCodes.length ? undefined : textFrom(highCodes.slice(0, length + 1))
}

/** For a collation with an order of its own: ä after z, signs after letters. */
function reversed(guess: TextGuess): TextGuess {
  return (low, high, fraction, order) => guess(high, low, fraction, order)
}

function folded(guess: TextGuess): TextGuess {
  return (low, high, fraction, order) => guess(foldText(low), foldText(high), fraction, order)
}

const binaryGuesses: readonly TextGuess[] = [byCode, reversed(byCode), byFirst]
const textGuesses: readonly TextGuess[] = [byLetter, reversed(byLetter), byFirst]
  .map(folded)
  .concat(binaryGuesses)

/**
 * A text at a fraction between two others, which need not be what their collation makes of it; undefined when there is none.
 * @param way raised when what came of it was not between the two
 */
export function textBetween(
  low: string,
  high: string,
  fraction: Fraction,
  order: TextOrder,
  way: number,
): string | undefined {
  const [lowCodes, highCodes] = [codesOf(low), codesOf(high)]
  const shared = commonLength(lowCodes, highCodes)
  const lowRest = textFrom(lowCodes.slice(shared, shared + digits))
  const highRest = textFrom(highCodes.slice(shared, shared + digits))
  // First letters are taken for the same in both cases and with all accents.
  const guesses = isBinaryOrder(order) ? binaryGuesses : textGuesses
  for (let at = 0; at < guesses.length; at++) {
    const guess = guesses[(way + at) % guesses.length]?.(lowRest, highRest, fraction, order)
    if (guess !== undefined) return textFrom(lowCodes.slice(0, shared)) + guess
  }
  return undefined
}

/** Sorted by code point. */
export function isBinaryOrder({ collation }: TextOrder): boolean {
  return collation.endsWith('_bin')
}

/** What a collation that does not tell case and accents apart sees, roughly. */
export function foldText(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
}

function charactersBetween(
  low: readonly number[],
  high: readonly number[],
  fraction: Fraction,
  digitsFor: (codes: readonly number[]) => Digits,
): string | undefined {
  const between = digitsBetween(low, high, fraction, digitsFor([...low, ...high]))
  return between === undefined ? undefined : textFrom(between)
}

function digitsBetween(
  low: readonly number[],
  high: readonly number[],
  { part, of }: Fraction,
  alphabet: Digits,
): number[] | undefined {
  const shared = commonLength(low, high)
  const number = (characters: readonly number[]) => {
    let sum = 0n
    for (let at = shared; at < shared + digits; at++) {
      const character = characters[at]
      sum = sum * alphabet.base + (character === undefined ? 0n : BigInt(alphabet.digit(character)))
    }
    return sum
  }
  const [from, to] = [number(low), number(high)]
  if (from >= to) return undefined
  let rest = from + ((to - from) * part) / of
  if (rest === from) rest++
  const found: number[] = []
  for (let at = 0; at < digits; at++) {
    found.unshift(Number(rest % alphabet.base))
    rest /= alphabet.base
  }
  const end = found.indexOf(0)
  const kept = end === -1 ? found : found.slice(0, end)
  // Nothing comes after the end: between 'a' and 'a' with more there is only 'a' with less.
  if (found.slice(kept.length).some((digit) => digit > 0)) kept.push(1)
  return [...low.slice(0, shared), ...kept.map((digit) => alphabet.character(digit))]
}

const decimalDigits = '0123456789'
const hexDigits = `-${decimalDigits}abcdef`
const letters = 'abcdefghijklmnopqrstuvwxyz'
/** In the order of the Unicode Collation Algorithm's table: signs, digits, letters. */
const signs = ' _-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$'
const alphabets = [
  decimalDigits,
  hexDigits,
  `${decimalDigits}${letters}`,
  `${signs}${decimalDigits}${letters}`,
].map((characters) => codesOf(characters))
/** Those that are in the order of their code points. */
const binaryAlphabets = alphabets.slice(0, 3)

/** The smallest alphabet that has all the characters: the fewer characters it has, the more evenly values lie in it. */
function alphabetOf(
  characters: readonly number[],
  known: readonly (readonly number[])[],
  charset: string,
): Digits {
  const own = characterOrder(charset)
  const alphabet = [...known, ...(own === undefined ? [] : [own])].find((codes) =>
    characters.every((code) => codes.includes(code)),
  )
  if (alphabet !== undefined) {
    return {
      base: BigInt(alphabet.length + 1),
      digit: (code) => alphabet.indexOf(code) + 1,
      character: (digit) => alphabet[digit - 1] ?? 0,
    }
  }
  // Alphabets lie in blocks of 32 and more.
  const first = Math.min(...characters) & ~31
  const last = Math.max(...characters) | 31
  return {
    base: BigInt(last - first + 2),
    digit: (code) => code - first + 1,
    character: (digit) => withoutSurrogates(first + digit - 1),
  }
}

/** Half a character is none. */
function withoutSurrogates(code: number): number {
  return code >= 0xd800 && code <= 0xdfff ? 0xd7a3 : Math.min(code, 0x10ffff)
}

function codesOf(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0)
}

function textFrom(codes: readonly number[]): string {
  return String.fromCodePoint(...codes)
}

function commonLength(one: readonly number[], other: readonly number[]): number {
  let length = 0
  while (length < one.length && length < other.length && one[length] === other[length]) length++
  return length
}
