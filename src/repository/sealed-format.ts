// The bytes of a sealed file: the one container of packs, manifests and binary log segments. See docs/format/repository.md.
import { MalformedDataError } from '../core/malformed-data-error.ts'

export const sealedKinds = { pack: 1, manifest: 2, segment: 3, evidence: 4 } as const
export type SealedKind = keyof typeof sealedKinds

/** chunk: found by its id; document: JSON; data: the next part of a stream; end: always last, and nothing but last. */
export const frameTypes = { chunk: 1, document: 2, data: 3, end: 255 } as const
export type FrameType = keyof typeof frameTypes

export const formatVersion = 1

/** 80 bytes: magic 8, version 1, kind 1, cipher 1, zero 5, data key id 16, salt 16, commitment 32. */
export const fileHeaderBytes = 80

/** 52 bytes: magic 4, type 1, compression 1, is last 1, zero 1, number 4, plain length 4, body length 4, chunk id 32. */
export const frameHeaderBytes = 52

/** Every body ends with 16 bytes that prove it: the GCM tag, or a cut SHA-256 where nothing is encrypted. */
export const proofBytes = 16

/** No payload is longer, so that a reader knows what it may have to allocate. */
export const maxPlainBytes = 64 * 1024 * 1024

const fileMagic = Buffer.from('HOLDFAST', 'latin1')
const frameMagic = Buffer.from('HFRM', 'latin1')
const zeroId = '0'.repeat(64)

/** The data key id of files that are not encrypted. */
export const clearKeyId = '0'.repeat(32)

export interface FileHeader {
  readonly kind: SealedKind
  readonly isEncrypted: boolean
  /** Hex of 16 bytes. */
  readonly dataKeyId: string
  readonly salt: Buffer
  readonly commitment: Buffer
}

export interface FrameHeader {
  readonly type: FrameType
  readonly isCompressed: boolean
  readonly isLast: boolean
  /** Place in the file, from 0; also the nonce. */
  readonly number: number
  readonly plainBytes: number
  /** Length of the body, proof included. */
  readonly bodyBytes: number
  /** Hex of 32 bytes; absent but for chunks. */
  readonly chunkId?: string
}

/** The whole header; without its commitment it is 48 bytes, see sealed-key.ts. */
export function encodeFileHeader(header: FileHeader): Buffer {
  const bytes = Buffer.alloc(fileHeaderBytes)
  fileMagic.copy(bytes)
  bytes[8] = formatVersion
  bytes[9] = sealedKinds[header.kind]
  bytes[10] = header.isEncrypted ? 1 : 0
  bytes.write(header.dataKeyId, 16, 'hex')
  header.salt.copy(bytes, 32)
  header.commitment.copy(bytes, 48)
  return bytes
}

/** Throws MalformedDataError; `file` is the object's key, for the message. */
export function decodeFileHeader(bytes: Buffer, file: string): FileHeader {
  const bad = (offset: number, expected: string, found: string): MalformedDataError =>
    new MalformedDataError({ what: 'sealed file header', file, offset, expected, found })
  if (bytes.length < fileHeaderBytes) throw bad(0, `${fileHeaderBytes} bytes`, `${bytes.length}`)
  if (!bytes.subarray(0, 8).equals(fileMagic)) throw bad(0, 'HOLDFAST', bytes.toString('hex', 0, 8))
  if (bytes[8] !== formatVersion) throw bad(8, `format version ${formatVersion}`, `${bytes[8]}`)
  const kind = nameOf(sealedKinds, bytes[9])
  if (kind === undefined) throw bad(9, 'a kind of sealed file', `${bytes[9]}`)
  const cipher = bytes[10]
  if (cipher !== 0 && cipher !== 1) throw bad(10, 'cipher 0 or 1', `${cipher}`)
  if (bytes.readUIntBE(11, 5) !== 0) throw bad(11, 'zero bytes', bytes.toString('hex', 11, 16))
  const dataKeyId = bytes.toString('hex', 16, 32)
  if ((dataKeyId === clearKeyId) !== (cipher === 0)) throw bad(16, 'a key id if encrypted', dataKeyId)
  return {
    kind,
    isEncrypted: cipher === 1,
    dataKeyId,
    salt: Buffer.from(bytes.subarray(32, 48)),
    commitment: Buffer.from(bytes.subarray(48, 80)),
  }
}

export function encodeFrameHeader(header: FrameHeader): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes)
  frameMagic.copy(bytes)
  bytes[4] = frameTypes[header.type]
  bytes[5] = header.isCompressed ? 1 : 0
  bytes[6] = header.isLast ? 1 : 0
  bytes.writeUInt32BE(header.number, 8)
  bytes.writeUInt32BE(header.plainBytes, 12)
  bytes.writeUInt32BE(header.bodyBytes, 16)
  bytes.write(header.chunkId ?? zeroId, 20, 'hex')
  return bytes
}

/** Throws MalformedDataError. What it returns is still a claim until the body's proof was checked. */
export function decodeFrameHeader(bytes: Buffer, file: string, offset: number): FrameHeader {
  const bad = (at: number, expected: string, found: string): MalformedDataError =>
    new MalformedDataError({ what: 'frame header', file, offset: offset + at, expected, found })
  if (bytes.length < frameHeaderBytes) throw bad(0, `${frameHeaderBytes} bytes`, `${bytes.length}`)
  if (!bytes.subarray(0, 4).equals(frameMagic)) throw bad(0, 'HFRM', bytes.toString('hex', 0, 4))
  const type = nameOf(frameTypes, bytes[4])
  if (type === undefined) throw bad(4, 'a frame type', `${bytes[4]}`)
  const [compression, last] = [bytes[5], bytes[6]]
  if (compression !== 0 && compression !== 1) throw bad(5, 'compression 0 or 1', `${compression}`)
  if (last !== (type === 'end' ? 1 : 0)) throw bad(6, 'last flag on the end frame alone', `${last}`)
  if (bytes[7] !== 0) throw bad(7, 'a zero byte', `${bytes[7]}`)
  const plainBytes = bytes.readUInt32BE(12)
  const bodyBytes = bytes.readUInt32BE(16)
  if (plainBytes > maxPlainBytes) throw bad(12, `at most ${maxPlainBytes} bytes`, `${plainBytes}`)
  const isBodyBytesSound =
    compression === 0
      ? bodyBytes === plainBytes + proofBytes
      : bodyBytes > proofBytes && bodyBytes < plainBytes + proofBytes
  if (!isBodyBytesSound) throw bad(16, `a body length fit for ${plainBytes} bytes`, `${bodyBytes}`)
  const chunkId = bytes.toString('hex', 20, 52)
  if (type !== 'chunk' && chunkId !== zeroId) throw bad(20, 'no chunk id', chunkId)
  return {
    type,
    isCompressed: compression === 1,
    isLast: last === 1,
    number: bytes.readUInt32BE(8),
    plainBytes,
    bodyBytes,
    ...(type === 'chunk' ? { chunkId } : {}),
  }
}

function nameOf<T extends string>(
  table: Readonly<Record<T, number>>,
  code: number | undefined,
): T | undefined {
  for (const name in table) if (table[name] === code) return name
  return undefined
}
