// A backup kept in memory: what engines are tested with instead of a repository.
import { createHash } from 'node:crypto'
import type { BackupResult, BackupSink, BackupSource, StoredBackup } from '../../src/core/backup.ts'
import { HoldfastError } from '../../src/core/errors.ts'

export class MemoryBackup implements BackupSink {
  readonly #chunks = new Map<string, Buffer>()

  async putChunk(bytes: Uint8Array): Promise<string> {
    const id = createHash('sha256').update(bytes).digest('hex')
    this.#chunks.set(id, Buffer.from(bytes))
    return id
  }

  chunk(id: string): Buffer {
    const chunk = this.#chunks.get(id)
    if (chunk === undefined) throw new HoldfastError('VERIFY_FAILED', `no chunk ${id}`)
    return chunk
  }

  /** The backup as a restore sees it: content has been through JSON. */
  source(result: StoredBackup): BackupSource {
    const objects = new Map(result.objects.map(({ name, chunks }) => [name, { name, chunks: [...chunks] }]))
    return {
      content: JSON.parse(JSON.stringify(result.content)),
      origin: result.origin,
      point: result.point,
      objectNames: () => [...objects.keys()],
      object: async (name) => {
        const object = objects.get(name)
        if (object === undefined) throw new HoldfastError('VERIFY_FAILED', `no object ${name}`)
        return object
      },
      getChunk: async (id) => this.chunk(id),
    }
  }

  /** All text of an object. */
  text(result: BackupResult, name: string): string {
    const object = result.objects.find((candidate) => candidate.name === name)
    return Buffer.concat(
      (object?.chunks ?? []).map(({ id }) => this.#chunks.get(id) ?? Buffer.alloc(0)),
    ).toString('latin1')
  }
}
