// The SQL expression that is selected in place of a masked column, for each type that can take what a method makes.
import { quoteName, quoteText } from '../../instance/sql-text.ts'
import type { MaskMethod } from './mask-method.ts'

/** A column as far as its values matter. */
export interface MaskedColumn {
  readonly name: string
  /** DATA_TYPE in lower case; `json` also for MariaDB's, which are texts with a CHECK. */
  readonly type: string
  /** COLUMN_TYPE. */
  readonly fullType: string
  readonly isNullable: boolean
  /** CHARACTER_SET_NAME; undefined for what is no text. */
  readonly charset: string | undefined
  /** CHARACTER_MAXIMUM_LENGTH: characters, or bytes of TEXT and BLOB types. */
  readonly maxLength: number
  /** Goes into the backup as its number: an ENUM or SET with an empty member. */
  readonly isNumbered: boolean
}

export interface MaskedValue {
  readonly sql: string
  /** Two values that differ stay different: 128 bits of a hash at least. */
  readonly isDistinct: boolean
}

/** A user variable of the sessions that read: a key in each statement would be in every list of processes. */
const keyVariable = '@holdfast_mask_key'

export function setMaskKey(key: Buffer): string {
  return `SET ${keyVariable} = X'${key.toString('hex')}'`
}

/** The expression, or why the column cannot take it. */
export function maskedValue(column: MaskedColumn, method: MaskMethod): MaskedValue | string {
  const made = makers[method.kind](column, method)
  if (typeof made === 'string' || method.kind === 'null') return made
  // NULL stays NULL, whatever the method: many columns mean something by it.
  return { ...made, sql: `IF(${quoteName(column.name)} IS NULL, NULL, ${made.sql})` }
}

type Maker = (column: MaskedColumn, method: MaskMethod) => MaskedValue | string

const makers: Readonly<Record<MaskMethod['kind'], Maker>> = {
  null: ({ isNullable }) => (isNullable ? { sql: 'NULL', isDistinct: true } : 'it is NOT NULL'),
  hash,
  email,
  constant: (column, method) => (method.kind === 'constant' ? constant(column, method.value) : ''),
  'random-int': (column, method) =>
    method.kind === 'random-int' ? randomInt(column, method.from, method.to) : '',
  'random-text': (column, method) => (method.kind === 'random-text' ? randomText(column, method.length) : ''),
}

const hexDigits = 64
/** 128 bits: by chance, two of 2^32 values are alike once in 2^65 backups. */
const distinctDigits = 32
const leastDigits = 8

/** 64 hex digits. Nested, so that it is no hash of a key that values could be appended to. */
function keyedHash(bytes: string): string {
  return `SHA2(CONCAT(${keyVariable}, SHA2(CONCAT(${keyVariable}, ${bytes}), 256)), 256)`
}

function hash(column: MaskedColumn): MaskedValue | string {
  const { type } = column
  const name = quoteName(column.name)
  if (isText(column)) {
    const digits = Math.min(hexDigits, room(column))
    if (digits < leastDigits) return `it has room for ${digits} characters, and a hash needs ${leastDigits}`
    const sql = inCharset(column, `LEFT(${keyedHash(textOfColumn(column))}, ${digits})`)
    return { sql, isDistinct: digits >= distinctDigits }
  }
  if (isBinary(column)) {
    const bytes = Math.min(hexDigits / 2, column.maxLength)
    if (bytes < leastDigits / 2) return `it has room for ${bytes} bytes, and a hash needs ${leastDigits / 2}`
    const sql = `LEFT(UNHEX(${keyedHash(name)}), ${bytes})`
    return { sql, isDistinct: bytes >= distinctDigits / 2 }
  }
  const range = integerRange(column)
  if (range === undefined || range.to < 2n ** 23n - 1n) return `a hash does not fit into ${column.fullType}`
  // 15 hex digits are 60 bits: less than the 63 of a BIGINT.
  const number = `CAST(CONV(LEFT(${keyedHash(`CAST(${name} AS CHAR)`)}, 15), 16, 10) AS UNSIGNED)`
  return { sql: type === 'bigint' ? number : `${number} % ${range.to + 1n}`, isDistinct: false }
}

const domain = '@example.com'

function email(column: MaskedColumn): MaskedValue | string {
  if (!isText(column)) return `an address does not fit into ${column.fullType}`
  const digits = Math.min(distinctDigits, room(column) - domain.length - 1)
  if (digits < leastDigits) return `it has room for ${room(column)} characters, and an address needs 21`
  const address = `CONCAT('u', LEFT(${keyedHash(textOfColumn(column))}, ${digits}), '${domain}')`
  return { sql: inCharset(column, address), isDistinct: digits >= distinctDigits }
}

function randomText(column: MaskedColumn, wanted: number | undefined): MaskedValue | string {
  if (!isText(column)) return `a random text does not fit into ${column.fullType}`
  const length = wanted ?? Math.min(16, room(column))
  if (length < 1 || length > room(column)) return `it has room for ${room(column)} characters`
  return { sql: inCharset(column, `LEFT(SHA2(RAND(), 256), ${length})`), isDistinct: false }
}

// RAND() has 53 bits.
const randomBits = 2n ** 53n

function randomInt(
  column: MaskedColumn,
  from: bigint | undefined,
  to: bigint | undefined,
): MaskedValue | string {
  const range = numberRange(column)
  if (range === undefined) return `a random number does not fit into ${column.fullType}`
  const least = from ?? 0n
  const most = to ?? (range.to < 2n ** 31n - 1n ? range.to : 2n ** 31n - 1n)
  if (least < range.from || most > range.to) {
    return `${column.fullType} takes numbers from ${range.from} to ${range.to}`
  }
  if (most - least >= randomBits) return 'random numbers are taken from at most 2^53'
  const sql = `CAST(FLOOR(${least} + RAND() * ${most - least + 1n}) AS SIGNED)`
  return { sql, isDistinct: false }
}

function constant(column: MaskedColumn, value: string): MaskedValue | string {
  const { type, fullType, isNumbered } = column
  const misfit = `'${value}' does not fit into ${fullType}`
  if (isNumbered) return 'it has a member without a name'
  const literal = { sql: quoteText(value), isDistinct: false }
  const text = { sql: inCharset(column, quoteText(value)), isDistinct: false }
  if (type === 'enum') return memberTexts(fullType).includes(value) ? text : misfit
  if (type === 'json') return isJson(value) ? literal : misfit
  if (isText(column)) return Array.from(value).length <= room(column) ? text : misfit
  if (isBinary(column)) return Buffer.byteLength(value) <= column.maxLength ? literal : misfit
  const form = forms[type]
  if (form !== undefined) return form.test(value) ? literal : misfit
  const range = numberRange(column)
  const pattern = integerRange(column) === undefined ? /^-?\d{1,60}(?:\.\d{1,30})?$/ : /^-?\d{1,20}$/
  if (range === undefined || !pattern.test(value)) return misfit
  const whole = BigInt(value.replace(/\..*$/, ''))
  return whole >= range.from && whole <= range.to ? literal : misfit
}

// Times that every column of the type takes: a TIMESTAMP ends in 2038. That the day is there is the server's to say.
const forms: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])$/,
  datetime: /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/,
  timestamp:
    /^(?:197[1-9]|19[89]\d|20[0-2]\d|203[0-7])-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/,
  time: /^-?\d{2}:[0-5]\d:[0-5]\d$/,
  year: /^(?:19[1-9]\d|20\d\d|21[0-4]\d)$/,
}

function isText({ type }: MaskedColumn): boolean {
  return /^(?:var)?char$|^(?:tiny|medium|long)?text$/.test(type)
}

function isBinary({ type }: MaskedColumn): boolean {
  return /^(?:var)?binary$|^(?:tiny|medium|long)?blob$/.test(type)
}

/** In characters. TEXT types are as long as their bytes, of which a character has four at most. */
function room({ type, maxLength }: MaskedColumn): number {
  return type.endsWith('text') ? Math.floor(maxLength / 4) : maxLength
}

/** The value as UTF-8, so that it hashes alike in every character set. */
function textOfColumn({ name }: MaskedColumn): string {
  return `CONVERT(${quoteName(name)} USING utf8mb4)`
}

/** Rows go into a backup in the bytes of their column. */
function inCharset({ charset }: MaskedColumn, sql: string): string {
  return charset === undefined ? sql : `CONVERT(${sql} USING ${quoteName(charset)})`
}

interface NumberRange {
  readonly from: bigint
  readonly to: bigint
}

const integerBits: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
}

function integerRange({ type, fullType }: MaskedColumn): NumberRange | undefined {
  const bits = integerBits[type]
  if (bits === undefined) return undefined
  if (/\bunsigned\b/.test(fullType)) return { from: 0n, to: 2n ** bits - 1n }
  return { from: -(2n ** (bits - 1n)), to: 2n ** (bits - 1n) - 1n }
}

/** The whole numbers that it takes. */
function numberRange(column: MaskedColumn): NumberRange | undefined {
  const integers = integerRange(column)
  if (integers !== undefined) return integers
  const isUnsigned = /\bunsigned\b/.test(column.fullType)
  const [, digits, decimals] = /^(?:decimal|float|double)\((\d+),(\d+)\)/.exec(column.fullType) ?? []
  const isFloating = column.type === 'float' || column.type === 'double'
  if (digits === undefined && !isFloating) return undefined
  const to = digits === undefined ? 2n ** 53n : 10n ** BigInt(Number(digits) - Number(decimals)) - 1n
  return { from: isUnsigned ? 0n : -to, to }
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

/** COLUMN_TYPE doubles quotes, and does not escape. */
function memberTexts(fullType: string): readonly string[] {
  return [...fullType.matchAll(/'((?:[^']|'')*)'/g)].map(([, member = '']) => member.replaceAll("''", "'"))
}
