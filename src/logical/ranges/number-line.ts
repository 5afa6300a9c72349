// Values of numbers, dates and addresses as points on a line of whole numbers, and points as values.
import type { KeyKind } from './key-column.ts'

interface NumberLine {
  /** Undefined for a text that is not understood. */
  point(text: string): bigint | undefined
  /** The value at a point, in the form of `like`. */
  value(point: bigint, like: string): string
}

/** Where the order of values is that of numbers. Text and bytes have lines of their own; see text-line.ts. */
export const numberLines: Readonly<Partial<Record<KeyKind, NumberLine>>> = {
  integer: { point: (text) => (/^-?\d+$/.test(text) ? BigInt(text) : undefined), value: String },
  decimal: { point: decimalPoint, value: decimalValue },
  year: { point: (text) => BigInt(text), value: (point) => String(point < firstYear ? firstYear : point) },
  date: { point: dayPoint, value: dayValue },
  datetime: { point: momentPoint, value: momentValue },
  timestamp: {
    point: momentPoint,
    value: (point, like) => momentValue(point < firstTimestamp ? firstTimestamp : point, like),
  },
  time: { point: timePoint, value: timeValue },
  inet4: { point: inet4Point, value: inet4Value },
  inet6: { point: inet6Point, value: inet6Value },
  uuid: { point: uuidPoint, value: uuidValue },
}

/** All values of a column have the same number of decimals. */
function decimalPoint(text: string): bigint | undefined {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? BigInt(text.replace('.', '')) : undefined
}

function decimalValue(point: bigint, like: string): string {
  const places = decimalsOf(like)
  const sign = point < 0n ? '-' : ''
  const digits = String(point < 0n ? -point : point).padStart(places + 1, '0')
  return places === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

function decimalsOf(text: string): number {
  const dot = text.indexOf('.')
  return dot === -1 ? 0 : text.length - dot - 1
}

// What a column cannot hold is not looked up in its index: the server would read all of it. 0 is below in both.
const firstYear = 1901n
/** 1970-01-01 00:00:01 */
const firstTimestamp = 1_000_000n

const msPerDay = 86_400_000
const microsPerSecond = 1_000_000n
const microsPerDay = 86_400n * microsPerSecond
/** 0000-01-01: servers take it, although they promise dates from the year 1000 only. */
const firstDay = BigInt(Date.parse('0000-01-01T00:00:00Z') / msPerDay)

/** Days since 1970. Dates that are none, such as 0000-00-00 and 2020-02-31, stand near where the server sorts them. */
function dayPoint(text: string): bigint | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)/.exec(text)
  if (parts === null) return undefined
  const [year, month, day] = parts.slice(1).map(Number)
  const date = new Date(0)
  date.setUTCFullYear(year ?? 0, (month ?? 0) - 1, day)
  return BigInt(Math.floor(date.getTime() / msPerDay))
}

function dayValue(point: bigint): string {
  const days = point < firstDay ? firstDay : point
  return new Date(Number(days) * msPerDay).toISOString().slice(0, 10)
}

/** Microseconds since 1970. */
function momentPoint(text: string): bigint | undefined {
  const day = dayPoint(text)
  const time = timePoint(text.slice(11))
  return day === undefined || time === undefined ? undefined : day * microsPerDay + time
}

function momentValue(point: bigint, like: string): string {
  const first = firstDay * microsPerDay
  const micros = (point < first ? first : point) - first
  return `${dayValue(firstDay + micros / microsPerDay)} ${timeValue(micros % microsPerDay, like)}`
}

function timePoint(text: string): bigint | undefined {
  const parts = /^(-?)(\d+):(\d\d):(\d\d)(?:\.(\d+))?$/.exec(text)
  if (parts === null) return undefined
  const [, sign, hours = '', minutes = '', seconds = '', fraction = ''] = parts
  const whole = (BigInt(hours) * 60n + BigInt(minutes)) * 60n + BigInt(seconds)
  const micros = whole * microsPerSecond + BigInt(fraction.padEnd(6, '0'))
  return sign === '-' ? -micros : micros
}

function timeValue(point: bigint, like: string): string {
  const micros = point < 0n ? -point : point
  const seconds = micros / microsPerSecond
  const places = decimalsOf(like)
  const fraction =
    places === 0
      ? ''
      : `.${String(micros % microsPerSecond)
          .padStart(6, '0')
          .slice(0, places)}`
  return `${point < 0n ? '-' : ''}${twoDigits(seconds / 3600n)}:${twoDigits((seconds / 60n) % 60n)}:${twoDigits(seconds % 60n)}${fraction}`
}

function twoDigits(value: bigint): string {
  return String(value).padStart(2, '0')
}

function inet4Point(text: string): bigint | undefined {
  const bytes = text.split('.')
  if (bytes.length !== 4 || !bytes.every((byte) => /^\d{1,3}$/.test(byte))) return undefined
  return bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
}

function inet4Value(point: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (point >> shift) & 255n).join('.')
}

function inet6Point(text: string): bigint | undefined {
  // The last 32 bits may be written as IPv4.
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const low = inet4Point(dotted?.[2] ?? '') ?? 0n
  const hex =
    dotted === null ? text : `${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`
  const [head = '', tail] = hex.split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const missing = 8 - before.length - after.length
  if (missing < 0 || (tail === undefined && missing > 0)) return undefined
  const all = [...before, ...Array<string>(missing).fill('0'), ...after]
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return BigInt(`0x${all.map((group) => group.padStart(4, '0')).join('')}`)
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':')
}

function inet6Value(point: bigint): string {
  return point
    .toString(16)
    .padStart(32, '0')
    .replaceAll(/(.{4})(?=.)/g, '$1:')
}

/**
 * MariaDB sorts UUIDs of versions before 6 from the last group to the first, and later ones as they are written (MDEV-29959): so a
 * version 1, which begins with the low bits of the time, is sorted by host and time. The first digits of the third and fourth group, version
 * and variant, are left out: they do not count, and a UUID of another version is sorted elsewhere or is none.
 */
function uuidPoint(text: string): bigint | undefined {
  const groups = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i.exec(text)
  if (groups === null) return undefined
  const [low = '', mid = '', version = '', variant = '', node = ''] = groups.slice(1)
  const parts = [low, mid, version.slice(1), variant.slice(1), node]
  return BigInt(`0x${(isWrittenInOrder(text) ? parts : parts.toReversed()).join('')}`)
}

function uuidValue(point: bigint, like: string): string {
  const hex = point.toString(16).padStart(30, '0')
  const version = like[14] ?? ''
  const variant = like[19] ?? ''
  // Low, mid, version, variant, node; or the other way round.
  const parts = isWrittenInOrder(like)
    ? [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 15), hex.slice(15, 18), hex.slice(18)]
    : [hex.slice(22), hex.slice(18, 22), hex.slice(15, 18), hex.slice(12, 15), hex.slice(0, 12)]
  return `${parts[0]}-${parts[1]}-${version}${parts[2]}-${variant}${parts[3]}-${parts[4]}`
}

function isWrittenInOrder(uuid: string): boolean {
  const version = Number.parseInt(uuid[14] ?? '', 16)
  return version >= 6 && version <= 8
}
