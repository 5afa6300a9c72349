// Dates and times as rows and JSON hold them, as servers print them.
import type { ByteReader } from '../bytes/byte-reader.ts'
import { fractionBytes } from './column-types.ts'

/** DATE: day in 5 bits, month in 4, year. */
export function readDate(reader: ByteReader): string {
  const packed = reader.u24()
  return dateText(packed >> 9, (packed >> 5) & 0xf, packed & 0x1f)
}

/** TIMESTAMP2: seconds in big endian, then the fraction. In UTC, for the session's zone is not the row's. */
export function readTimestamp2(reader: ByteReader, digits: number): string {
  const seconds = reader.u32be()
  return timestampText(seconds, readFraction(reader, digits), digits)
}

/** TIMESTAMP of the format before fractions. */
export function readTimestamp(reader: ByteReader): string {
  return timestampText(reader.u32(), 0, 0)
}

/** DATETIME2: 1 bit of sign, 17 of year * 13 + month, 5 each of day and hour, 6 each of minute and second; the fraction. */
export function readDateTime2(reader: ByteReader, digits: number): string {
  const packed = reader.take(5).readUIntBE(0, 5) - 0x80_0000_0000
  if (packed < 0) throw reader.malformed('a datetime', `${packed}`)
  return `${dayAndTime(Math.floor(packed / 2 ** 17), packed % 2 ** 17)}${fractionText(readFraction(reader, digits), digits)}`
}

/** DATETIME before fractions: the decimal number YYYYMMDDhhmmss. */
export function readDateTime(reader: ByteReader): string {
  const digits = String(reader.u64()).padStart(14, '0')
  if (digits.length > 14) throw reader.malformed('a datetime of 14 digits', digits)
  return digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3 $4:$5:$6')
}

/** TIME2: sign bit (set for what is not below zero), an unused bit, 10 of hours, 6 each of minute and second; the fraction. */
export function readTime2(reader: ByteReader, digits: number): string {
  const bytes = 3 + fractionBytes(digits)
  // One number with its fraction: below zero, both count down together (my_time_packed_from_binary).
  const packed = reader.take(bytes).readUIntBE(0, bytes) - 2 ** (bytes * 8 - 1)
  const unit = 2 ** (8 * fractionBytes(digits))
  const size = Math.abs(packed)
  const micros = (size % unit) * microsPerUnit(digits)
  return timeText(packed < 0, Math.floor(size / unit), micros, digits)
}

/** TIME before fractions: the decimal number hhhmmss, perhaps below zero. */
export function readTime(reader: ByteReader): string {
  const packed = reader.take(3).readIntLE(0, 3)
  const size = Math.abs(packed)
  const [hours, minutes, seconds] = [Math.floor(size / 10_000), Math.floor(size / 100) % 100, size % 100]
  return `${packed < 0 ? '-' : ''}${two(hours)}:${two(minutes)}:${two(seconds)}`
}

/** In JSON, a time of any kind has 8 bytes: the packed value, and 24 bits of microseconds. */
export function packedTimeText(kind: 'date' | 'time' | 'datetime', packed: bigint): string {
  const size = packed < 0n ? -packed : packed
  const whole = Number(size >> 24n)
  const micros = Number(size & 0xff_ffffn)
  if (kind === 'time') return timeText(packed < 0n, whole, micros, 6)
  const text = dayAndTime(Math.floor(whole / 2 ** 17), whole % 2 ** 17)
  return kind === 'date' ? text.slice(0, text.indexOf(' ')) : `${text}${fractionText(micros, 6)}`
}

function dayAndTime(day: number, time: number): string {
  const month = Math.floor(day / 32)
  const clock = `${two(time >> 12)}:${two((time >> 6) & 0x3f)}:${two(time & 0x3f)}`
  return `${dateText(Math.floor(month / 13), month % 13, day % 32)} ${clock}`
}

function timeText(isNegative: boolean, time: number, micros: number, digits: number): string {
  const clock = `${two((time >> 12) & 0x3ff)}:${two((time >> 6) & 0x3f)}:${two(time & 0x3f)}`
  return `${isNegative ? '-' : ''}${clock}${fractionText(micros, digits)}`
}

function timestampText(seconds: number, micros: number, digits: number): string {
  const text =
    seconds === 0 && micros === 0
      ? '0000-00-00 00:00:00'
      : new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return `${text}${fractionText(micros, digits)}`
}

/** Microseconds: 1, 2 or 3 bytes hold 2, 4 or 6 digits. */
function readFraction(reader: ByteReader, digits: number): number {
  const bytes = fractionBytes(digits)
  if (bytes === 0) return 0
  return reader.take(bytes).readUIntBE(0, bytes) * microsPerUnit(digits)
}

function microsPerUnit(digits: number): number {
  return 10 ** (6 - 2 * fractionBytes(digits))
}

function fractionText(micros: number, digits: number): string {
  return digits === 0 ? '' : `.${String(micros).padStart(6, '0').slice(0, digits)}`
}

function dateText(year: number, month: number, day: number): string {
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
