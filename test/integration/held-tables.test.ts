// A backup of many tables holds on to few of them, and yet sees one moment.
import assert from 'node:assert/strict'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

const tableNames = Array.from({ length: 260 }, (_, at) => `z.t${at}`)

const heldTables = {
  mysql:
    "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE OBJECT_SCHEMA = 'z' AND OBJECT_TYPE = 'TABLE' AND OWNER_THREAD_ID <> PS_CURRENT_THREAD_ID()",
  mariadb: "SELECT COUNT(*) FROM information_schema.METADATA_LOCK_INFO WHERE TABLE_SCHEMA = 'z'",
}

eachServer('a snapshot lets tables go that are read, and sees nothing that came later', async (kind) => {
  await using server = await startServer(kind)
  await server.sql(
    `CREATE DATABASE z; ${tableNames.map((table) => `CREATE TABLE ${table} (id INT PRIMARY KEY); INSERT INTO ${table} VALUES (1)`).join(';')}`,
  )
  if (server.flavour === 'mariadb') await server.sql("INSTALL SONAME 'metadata_lock_info'")
  const sink = new WatchedBackup(server)
  const result = await dumpLogical({ settings: server.settings(), sink, threads: 2 })
  assert.equal(result.objects.length, tableNames.length)
  for (const { chunks } of result.objects)
    assert.equal(
      chunks.reduce((rows, chunk) => rows + chunk.rows, 0),
      1,
    )
  // Two sessions with a hundred each at most; and none at all would say that nothing is counted.
  const [early = 0, late = 0] = sink.held
  assert.ok(early > 0, `${early} tables held at the beginning`)
  assert.ok(late <= 200, `${late} tables held at the end`)
})

/** Writes to all tables once the reading has begun, and counts what is held then and near the end. */
class WatchedBackup extends MemoryBackup {
  readonly held: number[] = []
  readonly #server: TestServer
  #chunks = 0

  constructor(server: TestServer) {
    super()
    this.#server = server
  }

  override async putChunk(bytes: Uint8Array): Promise<string> {
    const chunk = ++this.#chunks
    if (chunk === 1)
      await this.#server.sql(tableNames.map((table) => `INSERT INTO ${table} VALUES (2)`).join(';'))
    if (chunk === 10 || chunk === 250)
      this.held.push(Number(await this.#server.sql(heldTables[this.#server.flavour])))
    return super.putChunk(bytes)
  }
}
