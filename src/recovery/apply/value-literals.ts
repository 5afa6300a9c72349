// Values that the log sets before a statement logged as text, as SQL literals.
import type { UserVariableEvent } from '../../binlog/session-value-events.ts'
import { HoldfastError } from '../../core/errors.ts'
import type { Collations } from './collations.ts'

/** `@name:=value`, for SET. Throws UNSUPPORTED for a collation that the target does not know. */
export function userVariableAssignment({ name, value }: UserVariableEvent, collations: Collations): string {
  // Backticks are doubled in names of variables as in others.
  const variable = `@\`${name.replaceAll('`', '``')}\``
  if (value === undefined) return `${variable}:=NULL`
  const { type, charset, bytes, isUnsigned } = value
  switch (type) {
    case 'text': {
      const collation = collations.get(charset)
      if (collation === undefined) {
        throw new HoldfastError(
          'UNSUPPORTED',
          `the target has no collation number ${charset}, which @${name} has`,
        )
      }
      return `${variable}:=_${collation.characterSet} X'${bytes.toString('hex')}' COLLATE ${collation.name}`
    }
    case 'real':
      // The shortest digits that give the same double back, with an exponent: else it would be a DECIMAL.
      return `${variable}:=${bytes.readDoubleLE(0).toExponential()}`
    case 'integer':
      return `${variable}:=${isUnsigned ? bytes.readBigUInt64LE(0) : bytes.readBigInt64LE(0)}`
    case 'decimal':
      break
  }
  return `${variable}:=${decimalText(bytes)}`
}

// Nine decimal digits take 4 bytes; fewer take 0 to 4 (dig2bytes of strings/decimal.c).
const bytesOfDigits = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
const digitsInGroup = 9

/** MySQL's packed DECIMAL behind its two bytes of precision and scale. */
export function decimalText(bytes: Buffer): string {
  const precision = bytes.readUInt8(0)
  const scale = bytes.readUInt8(1)
  const packed = Buffer.from(bytes.subarray(2))
  const isNegative = (packed.readUInt8(0) & 0x80) === 0
  // The sign bit is turned, and a negative number has all its bits turned.
  packed[0] = packed.readUInt8(0) ^ 0x80
  if (isNegative) for (let i = 0; i < packed.length; i++) packed[i] = packed.readUInt8(i) ^ 0xff
  const integerDigits = precision - scale
  let offset = 0
  const take = (digits: number): string => {
    const length = bytesOfDigits[digits] ?? 0
    const value = length === 0 ? 0 : packed.readUIntBE(offset, length)
    offset += length
    return digits === 0 ? '' : String(value).padStart(digits, '0')
  }
  let integer = take(integerDigits % digitsInGroup)
  for (let i = 0; i < Math.floor(integerDigits / digitsInGroup); i++) integer += take(digitsInGroup)
  let fraction = ''
  for (let i = 0; i < Math.floor(scale / digitsInGroup); i++) fraction += take(digitsInGroup)
  fraction += take(scale % digitsInGroup)
  const digits = integer.replace(/^0+(?=.)/, '') || '0'
  return `${isNegative ? '-' : ''}${digits}${scale === 0 ? '' : `.${fraction}`}`
}
