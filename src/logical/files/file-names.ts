// Names of schemas and tables as file names that are safe everywhere, and distinct also where upper and lower case are one.
import { createHash } from 'node:crypto'

const maxLength = 100
/** Names of devices on Windows, whatever follows the dot. */
const devices = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i

/**
 * Letters, digits, `_` and `-` stay; every other byte of the UTF-8 becomes %xx, so there is never a dot: what plain tools take for the
 * table's name is all before the first one. Too long a name, and one that differs from another in case only, ends in `~` and a hash.
 */
export class FileNames {
  readonly #taken: Set<string>

  /** @param taken names that are others' in this folder */
  constructor(taken: readonly string[] = []) {
    this.#taken = new Set(taken.map((name) => name.toLowerCase()))
  }

  /** For each name once. */
  take(name: string): string {
    const encoded = encode(name)
    const isFree = encoded.length <= maxLength && !this.#taken.has(encoded.toLowerCase())
    const file = isFree ? encoded : `${encoded.slice(0, maxLength)}~${hashOf(name)}`
    this.#taken.add(file.toLowerCase())
    return file
  }
}

function encode(name: string): string {
  const hideFirst = devices.test(name)
  return Array.from(name, (char, at) => {
    const isPlain = at === 0 ? !hideFirst && /^\w$/.test(char) : /^[\w-]$/.test(char)
    return isPlain ? char : percent(char)
  }).join('')
}

function percent(char: string): string {
  return Array.from(Buffer.from(char), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 12)
}
