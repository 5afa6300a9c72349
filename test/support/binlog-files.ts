// The transactions of a test server's binary log files, read straight from its data directory.
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { splitEvents } from '../../src/binlog/event-splitter.ts'
import { transactions } from '../../src/binlog/transaction.ts'
import type { ArchivedTransaction } from '../../src/recovery/apply/replay-failure.ts'
import type { TestServer } from './servers.ts'

/** All of them in order, each to be read before the next is asked for. */
export async function* loggedTransactions(server: TestServer): AsyncGenerator<ArchivedTransaction> {
  const files = (await readdir(server.dataDir)).filter((name) => /^binlog\.[0-9]+$/.test(name)).toSorted()
  for (const file of files) {
    const stream: AsyncIterable<Buffer> = createReadStream(path.join(server.dataDir, file), {
      highWaterMark: 1 << 20,
    })
    for await (const transaction of transactions(splitEvents(stream, { offset: 0 })))
      yield { file, transaction }
  }
}
