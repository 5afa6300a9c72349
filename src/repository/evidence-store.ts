// What tries of backups have shown: one sealed file each, beside the backups, which are never changed themselves.
import { randomBytes } from 'node:crypto'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import type { RecoveryEvidence } from '../core/recovery-evidence.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { evidenceDocument, parseDocument } from './documents.ts'
import { parseJson } from './manifest.ts'
import { missingObject, readingObject } from './repository-context.ts'
import type { DataKey } from './sealed-key.ts'
import { type DataKeyLookup, readFrames } from './sealed-reader.ts'
import { sealFile } from './sealed-writer.ts'

export class EvidenceStore {
  readonly #store: ObjectStore
  readonly #folder: string
  readonly #lookup: DataKeyLookup

  constructor(store: ObjectStore, folder: string, lookup: DataKeyLookup) {
    this.#store = store
    this.#folder = folder
    this.#lookup = lookup
  }

  async put(evidence: RecoveryEvidence, dataKey: DataKey | undefined, signal?: AbortSignal): Promise<void> {
    const utc = evidence.triedAt.replaceAll(/[-:]|\.\d+/g, '')
    const key = `${this.#folder}${evidence.backup}/${utc}-${randomBytes(6).toString('hex')}`
    const bytes = Buffer.from(JSON.stringify({ format: 1, ...evidence }))
    const sealed = await sealFile('evidence', dataKey, [{ type: 'document', bytes }])
    await this.#store.putIfAbsent(key, sealed, { signal })
  }

  /** Of all backups; those of one are in the order of time. */
  async list(signal?: AbortSignal): Promise<readonly { readonly backup: string; readonly key: string }[]> {
    const found: { backup: string; key: string }[] = []
    for await (const { key } of this.#store.list(this.#folder, { signal })) {
      const backup = /^([^/]+)\/\d{8}T\d{6}Z-[0-9a-f]{12}$/.exec(key.slice(this.#folder.length))?.[1]
      if (backup !== undefined) found.push({ backup, key })
    }
    return found
  }

  /** Throws VERIFY_FAILED when it is damaged, or was moved to another backup. */
  async read(key: string, signal?: AbortSignal): Promise<RecoveryEvidence> {
    return readingObject(key, async () => {
      const read = async (offset: number, length: number): Promise<Buffer> => {
        const bytes = await this.#store.get(key, { offset, length, signal })
        if (bytes === undefined) throw missingObject(key)
        return bytes
      }
      for await (const { payload } of readFrames(read, this.#lookup, key, 'evidence')) {
        const { format: _format, ...evidence } = parseDocument(evidenceDocument, parseJson(payload, key), key)
        if (key.startsWith(`${this.#folder}${evidence.backup}/`)) return evidence
        throw malformed(key, `one of ${evidence.backup}`)
      }
      throw malformed(key, 'nothing')
    })
  }
}

/** Copied to another backup it would prove what was never tried. */
function malformed(file: string, found: string): MalformedDataError {
  return new MalformedDataError({ what: 'evidence', file, offset: 0, expected: 'one of its backup', found })
}
