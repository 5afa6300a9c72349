// Whether bytes are those of an earlier backup, without their hash: a keyed sum of 128 bits that costs a tenth of one.
import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto'

export const fingerprintBytes = 16
export const fingerprintKeyBytes = 32

/** GCM needs a nonce that is never used again to keep a sum from being forged; nobody sees these sums but who may read the files. */
const nonce = Buffer.alloc(12)

/**
 * GMAC (NIST SP 800-38D) with one nonce is the universal hash GHASH under a secret key: two texts of n blocks of 16 bytes that differ have the
 * same sum with a probability of at most (n + 1) / 2^128 (section 5 of McGrew and Viega, "The Security and Performance of GCM"): 2^-113 for a
 * cell. LSN and CRC of a page say less: a server that was restored gives LSNs a second time, and a CRC has 32 bits.
 */
export class Fingerprints {
  readonly #key: KeyObject

  /** `key` has 32 bytes and is known to nobody who chooses what is summed. */
  constructor(key: Buffer) {
    this.#key = createSecretKey(key)
  }

  of(bytes: Uint8Array): Buffer {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    cipher.setAAD(bytes)
    cipher.final()
    return cipher.getAuthTag()
  }
}
