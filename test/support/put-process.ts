// Puts one object into a directory store from a process of its own, which may be given limits: node put-process.ts ROOT KEY BYTES
import { isHoldfastError } from '../../src/core/errors.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'

const [root = '', key = '', sizeBytes = ''] = process.argv.slice(2)
try {
  process.stdout.write(await new DirectoryStore(root).putIfAbsent(key, Buffer.alloc(Number(sizeBytes))))
} catch (error) {
  if (!isHoldfastError(error)) throw error
  process.stdout.write(error.code)
}
