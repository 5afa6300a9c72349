// XOR of a text with a key that is repeated as often as needed: how login answers are masked.

export function xor(text: Buffer, key: Buffer): Buffer {
  const masked = Buffer.from(text)
  for (let index = 0; index < masked.length; index++) {
    masked.writeUInt8(masked.readUInt8(index) ^ key.readUInt8(index % key.length), index)
  }
  return masked
}
