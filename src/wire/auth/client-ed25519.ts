// client_ed25519, MariaDB's elliptic-curve login: a signature of the challenge with a key made of the password.
import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { AuthPlugin } from './auth-plugin.ts'

const { Point } = ed25519
const { Fn } = Point

export const clientEd25519: AuthPlugin = {
  name: 'client_ed25519',
  first({ password, nonce }) {
    return signWithPassword(nonce, password)
  },
}

/**
 * Ed25519 (RFC 8032, 5.1.6) but with SHA-512 of a password of any length where the RFC has SHA-512 of a 32-byte seed
 * (MariaDB, plugin/auth_ed25519/ref10/sign.c). That is why node:crypto, which wants the seed, cannot sign here.
 */
export function signWithPassword(message: Buffer, password: Buffer): Buffer {
  const expanded = sha512(password)
  const scalar = scalarFrom(clamped(expanded.subarray(0, 32)))
  const publicKey = Point.BASE.multiply(scalar).toBytes()
  const nonceScalar = scalarFrom(sha512(expanded.subarray(32), message))
  const commitment = Point.BASE.multiply(nonceScalar).toBytes()
  const challenge = scalarFrom(sha512(commitment, publicKey, message))
  const proof = Fn.toBytes(Fn.add(nonceScalar, Fn.mul(challenge, scalar)))
  return Buffer.concat([commitment, proof])
}

function clamped(half: Buffer): Buffer {
  const bytes = Buffer.from(half)
  bytes.writeUInt8(bytes.readUInt8(0) & 0xf8, 0)
  bytes.writeUInt8((bytes.readUInt8(31) & 0x7f) | 0x40, 31)
  return bytes
}

/** A little-endian integer, reduced by the order of the group. */
function scalarFrom(bytes: Uint8Array): bigint {
  return Fn.create(BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`))
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
