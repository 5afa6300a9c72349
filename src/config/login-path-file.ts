// .mylogin.cnf, the obfuscated option file of mysql_config_editor. It hides a password from a glance, not from a reader.
import { createDecipheriv } from 'node:crypto'
import { HoldfastError } from '../core/errors.ts'

// client/mysql_config_editor.cc and mysys/my_default.cc (mysql_file_getline): 4 unused bytes, 20 bytes of key, then for each line
// a 4-byte little-endian length and that many bytes of AES-128-ECB with PKCS#7 padding.
const unusedBytes = 4
const keyMaterialBytes = 20
const keyBytes = 16

/** The text of the option file. Throws CONFIG_INVALID with file and offset. */
export function decryptLoginPathFile(bytes: Buffer, file: string): string {
  const headBytes = unusedBytes + keyMaterialBytes
  if (bytes.length < headBytes) throw invalid(file, bytes.length, 'it ends within its key')
  const key = foldKey(bytes.subarray(unusedBytes, headBytes))
  const lines: string[] = []
  for (let offset = headBytes; offset < bytes.length; ) {
    if (bytes.length - offset < 4) throw invalid(file, offset, 'it ends within a length')
    const length = bytes.readUInt32LE(offset)
    const sealed = bytes.subarray(offset + 4, offset + 4 + length)
    if (sealed.length < length) throw invalid(file, offset, 'it ends within a line')
    lines.push(decryptLine(key, sealed, file, offset))
    offset += 4 + length
  }
  return lines.join('')
}

/** The 20 bytes are folded into 16 by XOR: my_aes_create_key. */
export function foldKey(material: Buffer): Buffer {
  const key = Buffer.alloc(keyBytes)
  for (const [index, byte] of material.entries()) {
    const at = index % keyBytes
    key.writeUInt8(key.readUInt8(at) ^ byte, at)
  }
  return key
}

function decryptLine(key: Buffer, sealed: Buffer, file: string, offset: number): string {
  try {
    const decipher = createDecipheriv('aes-128-ecb', key, null)
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8')
  } catch (cause) {
    throw invalid(file, offset, 'a line does not decrypt with the key of the file', cause)
  }
}

function invalid(file: string, offset: number, what: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'CONFIG_INVALID',
    `${file} is no login path file: ${what} (offset ${offset})`,
    { file, offset },
    { cause, hint: 'Write it anew with: mysql_config_editor set --login-path=NAME --user=USER --password' },
  )
}
