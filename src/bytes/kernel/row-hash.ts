// The order-independent hash of a set of rows: two sums mod 2^64 of XXH64 values, written as 32 hex digits.

export const noRowsHash = '0'.repeat(32)

/** The hash of the rows of both: each half is added mod 2^64. */
export function addRowHashes(one: string, other: string): string {
  return addHalf(one, other, 0) + addHalf(one, other, 16)
}

function addHalf(one: string, other: string, from: number): string {
  const sum = BigInt(`0x${one.slice(from, from + 16)}`) + BigInt(`0x${other.slice(from, from + 16)}`)
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0')
}
