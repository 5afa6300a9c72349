// A backup that lives as long as this process: chunks in a file without a name, compressed.
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import type { BackupResult, BackupSink, BackupSource } from '../core/backup.ts'
import { HoldfastError } from '../core/errors.ts'
import { makeFolder } from '../storage/make-folder.ts'
import { storeError } from '../storage/store-errors.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

interface Place {
  readonly offset: number
  readonly storedBytes: number
}

export class TemporaryBackup implements BackupSink, AsyncDisposable {
  readonly #folder: string
  readonly #file: FileHandle
  /** By chunk id, the hex of its SHA-256. */
  readonly #places = new Map<string, Place>()
  #end = 0

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder
    this.#file = file
  }

  /** The file is gone from `folder` at once, and from the disk when this process ends, whatever ends it. */
  static async create(folder: string): Promise<TemporaryBackup> {
    const path = join(folder, `holdfast-${randomUUID()}`)
    try {
      await makeFolder(folder)
      const file = await open(path, 'wx+', 0o600)
      await rm(path)
      return new TemporaryBackup(folder, file)
    } catch (error) {
      throw storeError(error, 'making a file in', folder)
    }
  }

  async putChunk(bytes: Uint8Array): Promise<string> {
    const id = createHash('sha256').update(bytes).digest('hex')
    if (this.#places.has(id)) return id
    const stored = await compress(bytes, zstdOptions)
    const place = { offset: this.#end, storedBytes: stored.length }
    this.#end += stored.length
    try {
      for (let done = 0; done < stored.length; ) {
        done += (await this.#file.write(stored, done, stored.length - done, place.offset + done)).bytesWritten
      }
    } catch (error) {
      throw storeError(error, 'writing to', this.#folder)
    }
    this.#places.set(id, place)
    return id
  }

  source({ content, origin, point, objects }: BackupResult): BackupSource {
    const byName = new Map(objects.map((object) => [object.name, object]))
    return {
      content,
      origin,
      point,
      objectNames: () => [...byName.keys()],
      object: (name) => {
        const object = byName.get(name)
        return object === undefined ? Promise.reject(lost(`object ${name}`)) : Promise.resolve(object)
      },
      getChunk: (id) => this.#read(id),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }

  async #read(id: string): Promise<Buffer> {
    const place = this.#places.get(id)
    if (place === undefined) throw lost(`chunk ${id}`)
    const stored = Buffer.allocUnsafe(place.storedBytes)
    for (let done = 0; done < stored.length; ) {
      const { bytesRead } = await this.#file.read(stored, done, stored.length - done, place.offset + done)
      if (bytesRead === 0) throw lost(`chunk ${id}`)
      done += bytesRead
    }
    const bytes = await decompress(stored)
    if (createHash('sha256').update(bytes).digest('hex') !== id) throw lost(`chunk ${id}`)
    return bytes
  }
}

function lost(what: string): HoldfastError {
  return new HoldfastError('VERIFY_FAILED', `${what} cannot be read back from the temporary file`)
}
