// XOR of a text with a key that is repeated as often as needed: how login answers are masked.

export function xor(text: Buffer, key: Buffer): Buffer {
  const masked = Buffer.from(text)
  for (let index = 0; index < masked.length; index++) {
    masked[index] = (masked[index] as number) ^ (key[index % key.length] as number)
  }
  return masked
}
