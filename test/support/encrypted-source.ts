// A source in an encrypted repository in memory, as two processes see it: one that holds the key, and one that can only write.
import { Repository } from '../../src/repository/repository.ts'
import type { SourceRepository } from '../../src/repository/source-repository.ts'
import { MemoryStore } from '../../src/storage/memory-store.ts'

export async function encryptedSource(): Promise<Record<'writer' | 'reader', SourceRepository>> {
  const store = new MemoryStore()
  const { repository } = await Repository.create(store, { recipients: 'generate', encrypt: true })
  const writer = await Repository.open(store)
  return { writer: writer.source('shop'), reader: repository.source('shop') }
}
