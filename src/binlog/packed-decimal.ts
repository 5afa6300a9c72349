// Decimals as both servers pack them, in rows, in user variables and in JSON.

// Nine decimal digits take 4 bytes; fewer take 0 to 4 (dig2bytes of strings/decimal.c).
const bytesOfDigits = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
const digitsInGroup = 9

export function decimalBytes(precision: number, scale: number): number {
  return partBytes(Math.max(0, precision - scale)) + partBytes(scale)
}

function partBytes(digits: number): number {
  return Math.floor(digits / digitsInGroup) * 4 + (bytesOfDigits[digits % digitsInGroup] ?? 0)
}

/** `-12.340`: with all digits of the scale, as servers print it. `packed` must have `decimalBytes` bytes, at least one. */
export function decimalText(packed: Buffer, precision: number, scale: number): string {
  const bytes = Buffer.from(packed)
  const isNegative = (bytes.readUInt8(0) & 0x80) === 0
  // The sign bit is turned, and a negative number has all its bits turned.
  bytes[0] = bytes.readUInt8(0) ^ 0x80
  if (isNegative) for (let i = 0; i < bytes.length; i++) bytes[i] = bytes.readUInt8(i) ^ 0xff
  const integerDigits = Math.max(0, precision - scale)
  let offset = 0
  const take = (digits: number): string => {
    const length = bytesOfDigits[digits] ?? 0
    const value = length === 0 ? 0 : bytes.readUIntBE(offset, length)
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
