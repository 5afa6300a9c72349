// A target is compared with the backup it was restored from: what was damaged is named, and nothing else is.
import assert from 'node:assert/strict'
import { fillShop } from '../../scripts/sample-shop/fill-shop.ts'
import { type DumpOptions, dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { verifyTarget } from '../../src/logical/verify-target/verify-target.ts'
import { loadCorpus } from '../support/corpus.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { openWitness } from '../support/witness.ts'

async function backUp(source: TestServer, options: Partial<DumpOptions> = {}) {
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory, ...options })
  return memory.source(result)
}

type Backup = Awaited<ReturnType<typeof backUp>>

async function verify(target: TestServer, backup: Backup) {
  return verifyTarget({ settings: target.settings(), backup, threads: 3 })
}

/** What differs, in words. */
async function found(target: TestServer, backup: Backup): Promise<readonly string[]> {
  const { differences } = await verify(target, backup)
  return differences.flatMap((one) => [
    one.text,
    ...(one.kind === 'rows' ? one.rows.map((row) => row.text) : []),
  ])
}

// Everything that a session may inherit from its server, and that must not change what is read.
const oddServer = [
  '--default-time-zone=-03:30',
  '--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT,STRICT_ALL_TABLES',
]

eachServer('the corpus as restored is what the backup says, on a server of other settings', async (kind) => {
  await using source = await startServer(kind)
  const collation = kind === 'mysql-9.7' ? 'utf8mb4_ja_0900_as_cs' : 'utf8mb4_polish_ci'
  await using target = await startServer(kind, {
    args: [...oddServer, '--character-set-server=utf8mb4', `--collation-server=${collation}`],
  })
  await loadCorpus(source)
  const backup = await backUp(source)
  const load = await loadLogical({ settings: target.settings(), backup })
  const { differences, notes, tables, rows } = await verify(target, backup)
  assert.deepEqual(differences, [])
  assert.deepEqual(
    notes.map((note) => /(view corpus\.broken|corpus\.json_typed)/.exec(note)?.[0] ?? note).toSorted(),
    source.flavour === 'mysql' ? ['corpus.json_typed', 'view corpus.broken'] : ['view corpus.broken'],
  )
  assert.equal(rows, load.rows)
  assert.ok(tables > 30, `${tables} tables`)
})
