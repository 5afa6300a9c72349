// The redo log of a donor that encrypts: CLONE puts its key into the header in clear, where no server would take it from.
import { HoldfastError } from '../../core/errors.ts'

// log0constants.h: the third block of the header has what the log is encrypted with, from LOG_HEADER_CREATOR_END on.
const blockBytes = 512
const headerBytes = 4 * blockBytes
const keyBlockAt = 2 * blockBytes
const keyAt = keyBlockAt + 48
/** What such information begins with, in each of its versions (Encryption::KEY_MAGIC). */
const keyMagic = Buffer.from('lC')
/** LOG_BLOCK_HDR_DATA_LEN, and LOG_BLOCK_ENCRYPT_BIT_MASK in it. */
const dataLengthAt = 4
const encryptedBit = 0x8000

/**
 * Takes the key out of what comes of a redo log, in place: `bytes` from `offset` on. A donor that has a keyring sends one, also where it writes
 * its log in clear. Throws UNSUPPORTED for a log that is encrypted with it: what is stored would hold its own key.
 */
export function dropRedoKey(offset: number, bytes: Buffer): void {
  const key = keyAt - offset
  if (key >= 0 && bytes.subarray(key, key + keyMagic.length).equals(keyMagic)) {
    bytes.fill(0, keyBlockAt - offset, keyBlockAt - offset + blockBytes)
  }
  const firstBlock = (blockBytes - (offset % blockBytes)) % blockBytes
  for (let at = Math.max(headerBytes - offset, firstBlock); at + blockBytes <= bytes.length; at += blockBytes)
    if ((bytes.readUInt16BE(at + dataLengthAt) & encryptedBit) !== 0) throw encryptedRedo()
}

export function encryptedRedo(): HoldfastError {
  return new HoldfastError(
    'UNSUPPORTED',
    "the server's redo log is encrypted, and a clone of it would hold its key in clear",
    {},
    {
      hint: 'Run SET GLOBAL innodb_redo_log_encrypt = OFF some time before the backup, or use --method dump; nothing of this backup was kept.',
    },
  )
}
