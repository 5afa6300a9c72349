// A manifest: the commit point of a backup. Its name tells when and of which kind; its bytes, what the backup holds.
import { randomBytes } from 'node:crypto'
import type { BackupKind } from '../core/backup.ts'
import type { BackupSummary } from '../core/backup-summary.ts'
import { HoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import {
  type IndexDocument,
  indexDocument,
  type ManifestDocument,
  manifestDocument,
  parseDocument,
} from './documents.ts'
import { missingObject, readingObject } from './repository-context.ts'
import type { DataKey } from './sealed-key.ts'
import { type DataKeyLookup, readFrames } from './sealed-reader.ts'
import { sealFile } from './sealed-writer.ts'

/** What the name of a manifest tells without any key. */
export interface BackupListing {
  readonly id: string
  readonly kind: BackupKind
  /** ISO 8601 in UTC, to the second. */
  readonly startedAt: string
}

/**
 * A name that sorts by time and never meets another: `20261123T050612Z-logical-3e79f86d081a`. The first three of the twelve
 * digits are the millisecond (3e7 = 999), so that also backups of one second are in order; the other nine are random.
 */
export function newBackupId(kind: BackupKind, nowMs: number): string {
  const utc = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')
  const millisecond = (nowMs % 1000).toString(16).padStart(3, '0')
  return `${utc}-${kind}-${millisecond}${randomBytes(5).toString('hex').slice(1)}`
}

export function parseBackupId(id: string): BackupListing | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(logical|physical)-[0-9a-f]{12}$/.exec(id)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, kind] = match
  const startedAt = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
  return { id, kind: kind === 'logical' ? 'logical' : 'physical', startedAt }
}

/** The index is cut into pieces of this length: one frame must not have to hold it whole. */
const indexPieceBytes = 4 * 1024 * 1024

/** An index of 1 GiB would be one of ten million objects; more is damage or an attack. */
const maxIndexBytes = 1024 * 1024 * 1024

/** One document frame with the manifest itself, then data frames that joined are the index. */
export async function encodeManifest(
  manifest: ManifestDocument,
  index: IndexDocument,
  dataKey: DataKey | undefined,
): Promise<Buffer> {
  const indexBytes = Buffer.from(JSON.stringify(index))
  const pieces = function* (): Generator<{ type: 'document' | 'data'; bytes: Buffer }> {
    yield { type: 'document', bytes: Buffer.from(JSON.stringify(manifest)) }
    for (let start = 0; start < indexBytes.length; start += indexPieceBytes) {
      yield { type: 'data', bytes: indexBytes.subarray(start, start + indexPieceBytes) }
    }
  }
  return sealFile('manifest', dataKey, pieces())
}

export interface ReadManifest {
  readonly manifest: ManifestDocument
  readonly index: IndexDocument
  readonly dataKeyId: string
}

/** Reads a whole manifest. Throws FAILED when there is none, VERIFY_FAILED when it is damaged, or what the keys throw. */
export async function readManifest(
  store: ObjectStore,
  key: string,
  id: string,
  lookup: DataKeyLookup,
  signal?: AbortSignal,
): Promise<ReadManifest> {
  return readingObject(key, async () => {
    let manifest: ManifestDocument | undefined
    let dataKeyId = ''
    const noted: DataKeyLookup = async (keyId) => {
      dataKeyId = keyId
      return lookup(keyId)
    }
    const pieces: Buffer[] = []
    let length = 0
    for await (const { header, payload } of manifestFrames(store, key, noted, signal)) {
      if (header.number === 0) {
        manifest = parseManifest(payload, key, id)
        continue
      }
      length += payload.length
      if (length > maxIndexBytes) throw malformed(key, `an index of at most ${maxIndexBytes} bytes`)
      pieces.push(payload)
    }
    if (manifest === undefined) throw malformed(key, 'a document frame')
    const index = parseDocument(indexDocument, parseJson(Buffer.concat(pieces), key), key)
    return { manifest, index, dataKeyId }
  })
}

/** Reads only the first frame. */
export async function readManifestDocument(
  store: ObjectStore,
  key: string,
  id: string,
  lookup: DataKeyLookup,
  signal?: AbortSignal,
): Promise<ManifestDocument> {
  return readingObject(key, async () => {
    for await (const { payload } of manifestFrames(store, key, lookup, signal)) {
      return parseManifest(payload, key, id)
    }
    throw malformed(key, 'a document frame')
  })
}

function manifestFrames(
  store: ObjectStore,
  key: string,
  lookup: DataKeyLookup,
  signal: AbortSignal | undefined,
): ReturnType<typeof readFrames> {
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const bytes = await store.get(key, { offset, length, signal })
    if (bytes === undefined) throw missingObject(key)
    return bytes
  }
  return readFrames(read, lookup, key, 'manifest')
}

function parseManifest(payload: Buffer, key: string, id: string): ManifestDocument {
  const manifest = parseDocument(manifestDocument, parseJson(payload, key), key)
  // A manifest that was copied to another name would make one backup pass for another.
  if (manifest.id !== id) throw malformed(key, `the manifest of ${id}, not of ${manifest.id}`)
  return manifest
}

export function parseJson(bytes: Buffer, file: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new MalformedDataError(
      { what: 'document', file, offset: 0, expected: 'JSON', found: 'something else' },
      { cause: error },
    )
  }
}

function malformed(file: string, expected: string): MalformedDataError {
  return new MalformedDataError({ what: 'manifest', file, offset: 0, expected, found: 'something else' })
}

export function summaryOf(manifest: ManifestDocument): BackupSummary {
  const { format: _format, leaseGeneration: _generation, content: _content, ...summary } = manifest
  return summary
}

export function noSuchBackup(source: string, id: string): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `${source} has no backup ${id}`,
    { source, backup: id },
    { hint: `See what there is with: holdfast list ${source}` },
  )
}
