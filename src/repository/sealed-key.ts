// The keys of one sealed file, made from its data key and its salt, and the cipher that they drive.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { freeNow } from './free-memory.ts'
import {
  clearKeyId,
  encodeFileHeader,
  type FileHeader,
  proofBytes,
  type SealedKind,
} from './sealed-format.ts'

/** A data key: 32 bytes that encrypt all files of one session, and the 16 bytes (hex) that name it. */
export interface DataKey {
  readonly id: string
  readonly key: Buffer
}

/**
 * What opens or closes the frames of one file. `key` is absent where nothing is encrypted; it is made once, for Node takes 15 µs to make one of
 * bytes, each time that it gets them.
 */
export interface FileKey {
  readonly header: Buffer
  readonly key: KeyObject | undefined
}

/** Parts of HKDF's info, so that no other use of a data key can ever give the same bytes. */
const derivationLabel = 'holdfast sealed file v1'

/** Starts a new file: a random salt, so that every file has a key of its own and frame numbers can serve as nonces. */
export function newFileKey(
  kind: SealedKind,
  dataKey: DataKey | undefined,
  salt: Buffer = randomBytes(16),
): FileKey {
  const fields = { kind, isEncrypted: dataKey !== undefined, dataKeyId: dataKey?.id ?? clearKeyId, salt }
  if (dataKey === undefined) {
    const bare = encodeFileHeader({ ...fields, commitment: Buffer.alloc(32) })
    return { header: encodeFileHeader({ ...fields, commitment: clearCommitment(bare) }), key: undefined }
  }
  const { key, commitment } = deriveKeys(dataKey.key, salt)
  return { header: encodeFileHeader({ ...fields, commitment }), key }
}

/** The key of a file that exists. Throws MalformedDataError when `dataKey` is not the one that the file was made with. */
export function existingFileKey(
  header: FileHeader,
  headerBytes: Buffer,
  dataKey: DataKey | undefined,
  file: string,
): FileKey {
  const derived =
    dataKey === undefined
      ? { key: undefined, commitment: clearCommitment(headerBytes) }
      : deriveKeys(dataKey.key, header.salt)
  if (!derived.commitment.equals(header.commitment)) {
    throw new MalformedDataError({
      what: 'sealed file header',
      file,
      offset: 48,
      expected: `the commitment of data key ${header.dataKeyId}`,
      found: header.commitment.toString('hex'),
    })
  }
  return { header: Buffer.from(headerBytes), key: derived.key }
}

/** GCM alone does not tell a wrong key from a damaged file, nor bind a file to one key: the second half of HKDF does. */
function deriveKeys(dataKey: Buffer, salt: Buffer): { key: KeyObject; commitment: Buffer } {
  const bytes = Buffer.from(hkdfSync('sha256', dataKey, salt, derivationLabel, 64))
  return { key: createSecretKey(bytes.subarray(0, 32)), commitment: bytes.subarray(32) }
}

function clearCommitment(header: Buffer): Buffer {
  return createHash('sha256').update(header.subarray(0, 48)).digest()
}

// What is sealed is copied into its file at once: no more of it need be there twice than lies in a processor's cache.
const sealedBytes = 256 * 1024

/**
 * Closes one frame: gives the body's pieces, the proof last, to `write`, which may not keep them. `frameHeader` is bound to the body and so is the
 * file's header: neither can be moved or changed.
 */
export function sealBody(
  fileKey: FileKey,
  frameHeader: Buffer,
  nonce: Buffer,
  pieces: readonly Uint8Array[],
  write: (bytes: Uint8Array) => void,
): void {
  if (fileKey.key === undefined) {
    const hash = createHash('sha256').update(fileKey.header).update(nonce).update(frameHeader)
    for (const piece of pieces) {
      hash.update(piece)
      write(piece)
    }
    write(hash.digest().subarray(0, proofBytes))
    return
  }
  const cipher = createCipheriv('aes-256-gcm', fileKey.key, nonce)
  cipher.setAAD(fileKey.header)
  cipher.setAAD(frameHeader)
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += sealedBytes) {
      const sealed = cipher.update(piece.subarray(at, at + sealedBytes))
      write(sealed)
      freeNow(sealed.buffer)
    }
  }
  write(cipher.final())
  write(cipher.getAuthTag())
}

/** Opens one frame; undefined when a single bit of header, frame header or body is not what was sealed. */
export function openBody(
  fileKey: FileKey,
  frameHeader: Buffer,
  nonce: Buffer,
  body: Buffer,
): Buffer | undefined {
  const text = body.subarray(0, body.length - proofBytes)
  const proof = body.subarray(body.length - proofBytes)
  if (fileKey.key === undefined) {
    return clearProof(fileKey, frameHeader, nonce, text).equals(proof) ? text : undefined
  }
  const decipher = createDecipheriv('aes-256-gcm', fileKey.key, nonce, { authTagLength: proofBytes })
  decipher.setAAD(fileKey.header)
  decipher.setAAD(frameHeader)
  decipher.setAuthTag(proof)
  const plain = decipher.update(text)
  try {
    decipher.final()
  } catch {
    // The only failure of final() in GCM is a tag that does not fit, which is what undefined says.
    return undefined
  }
  return plain
}

function clearProof(fileKey: FileKey, frameHeader: Buffer, nonce: Buffer, text: Buffer): Buffer {
  const hash = createHash('sha256').update(fileKey.header).update(nonce).update(frameHeader).update(text)
  return hash.digest().subarray(0, proofBytes)
}

/** 11 bytes of frame number and one of last flag (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár). */
export function frameNonce(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(number, 7)
  nonce[11] = isLast ? 1 : 0
  return nonce
}
