// Data keys as files: random keys wrapped by age for public recipients, so that their writer cannot read them back later.
import { randomBytes } from 'node:crypto'
import { decodeCheckedJson, encodeCheckedJson } from './checked-json.ts'
import { keyDocument, parseDocument } from './documents.ts'
import { clearKeyId } from './sealed-format.ts'
import type { DataKey } from './sealed-key.ts'

/** What one key file holds: the key that encrypts, absent in clear repositories, and the one that chunk ids are made with. */
export interface SessionKeys {
  /** Hex of 16 bytes, zero in clear repositories. */
  readonly id: string
  readonly dataKey: DataKey | undefined
  readonly chunkIdKey: Buffer
}

/** Fresh keys of a session; `chunkIdKey` goes on from the last backup that is known, so that chunks deduplicate. */
export function newSessionKeys(isEncrypted: boolean, chunkIdKey: Buffer = randomBytes(32)): SessionKeys {
  if (!isEncrypted) return { id: clearKeyId, dataKey: undefined, chunkIdKey }
  const id = randomBytes(16).toString('hex')
  return { id, dataKey: { id, key: randomBytes(32) }, chunkIdKey }
}

/** Name of a key file within the folder of its source; the generation grows when keys are wrapped for other recipients. */
export function keyFileName(keys: SessionKeys, generation: number): string {
  return `${keys.id}.${generation}.${keys.dataKey === undefined ? 'json' : 'age'}`
}

export async function wrapKeys(keys: SessionKeys, recipients: readonly string[]): Promise<Buffer> {
  const document = {
    format: 1,
    id: keys.id,
    dataKey: keys.dataKey?.key.toString('hex') ?? '',
    chunkIdKey: keys.chunkIdKey.toString('hex'),
  }
  const bytes = encodeCheckedJson(document)
  if (keys.dataKey === undefined) return bytes
  // age brings elliptic curves in JavaScript, 70 ms to load: only commands that need keys pay for it.
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return joined(await encrypter.encrypt(streamOf(bytes)))
}

/** Rejects with age's own error when no identity fits or the file is damaged; the caller knows which it must be. */
export async function unwrapKeys(
  bytes: Buffer,
  identities: readonly string[],
  file: string,
): Promise<SessionKeys> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity)
  return decodeKeys(await joined(await decrypter.decrypt(streamOf(bytes))), file)
}

/** Of an array age would make its answer with a Response, for which Node loads all of undici: 60 ms and some megabytes. */
function streamOf(bytes: Buffer): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from([Uint8Array.from(bytes)])
}

async function joined(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream))
}

/** The keys in a file's clear text. Throws MalformedDataError. */
export function decodeKeys(bytes: Buffer, file: string): SessionKeys {
  const document = parseDocument(keyDocument, decodeCheckedJson(bytes, file), file)
  const key = Buffer.from(document.dataKey, 'hex')
  return {
    id: document.id,
    dataKey: key.length === 0 ? undefined : { id: document.id, key },
    chunkIdKey: Buffer.from(document.chunkIdKey, 'hex'),
  }
}
