// A process that writes backups without end, to be killed; or one of a given size, to tell how much memory it took.
import { createHash } from 'node:crypto'
import { Repository } from '../../src/repository/repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { sampleResult } from './sample-backup.ts'

const [root = '', count] = process.argv.slice(2)
const source = (await Repository.open(new DirectoryStore(root))).source('shop')

/** Text of rows that compresses to about a third, other for every number. */
function rowsOf(number: number, length: number): Buffer {
  const seed = createHash('sha256').update(String(number)).digest('hex')
  let text = ''
  for (let row = 0; text.length < 100_000; row += 1) {
    const digest = createHash('sha256').update(`${seed}${row}`).digest('hex')
    text += `${number}\t${row}\t${digest.slice(0, 16)}\tsome words that every row has\t2026-01-01 00:00:00\n`
  }
  return Buffer.alloc(length, text)
}

async function backUp(chunkCount: number, chunkBytes: number): Promise<void> {
  await using session = await source.beginBackup('logical', 'dump')
  process.stdout.write('begun\n')
  const chunks = []
  for (let number = 0; number < chunkCount; number += 1) {
    const bytes = rowsOf(Math.random(), chunkBytes)
    chunks.push({ id: await session.putChunk(bytes), plainBytes: bytes.length, rows: 1, rowHash: '' })
  }
  await session.commit(sampleResult([{ name: 't', chunks }]))
}

if (count === undefined) {
  for (;;) await backUp(20, 200_000)
} else {
  await backUp(Number(count), 4 * 1024 * 1024)
  // Kibibytes on Linux and macOS, getrusage(2).
  process.stdout.write(`peak ${Math.round(process.resourceUsage().maxRSS / 1024)}\n`)
}
