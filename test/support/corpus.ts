// Fills a server with the corpus: schemas, tables and code of which each is a bug that some dump tool has shipped.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ServerKind, TestServer } from './servers.ts'

const folder = new URL('../fixtures/corpus/', import.meta.url)

function filesOf(kind: ServerKind): readonly string[] {
  if (kind === 'mysql-9.7') return ['common.sql', 'mysql.sql']
  return kind === 'mariadb-11.8'
    ? ['common.sql', 'mariadb.sql', 'mariadb-11.8.sql']
    : ['common.sql', 'mariadb.sql']
}

export async function loadCorpus(server: TestServer): Promise<void> {
  for (const file of filesOf(server.kind)) await runFile(server, readFileSync(new URL(file, folder)))
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at)).toString('hex')
  // Undefined bytes are legal in latin1; a medium BLOB of all pairs of special bytes crosses every SIMD block.
  const pairs = ['00', '09', '0a', '5c', '4e', '27', '0d', '1a']
    .flatMap((a, _, all) => all.map((b) => a + b))
    .join('')
  await server.sql(
    `INSERT INTO corpus.every_byte VALUES (1, 0x${bytes}, 0x${bytes}, REPEAT(0x${bytes}${pairs}, 1000)), (2, '', '', 0x${pairs})`,
  )
}

/** As bytes: the files hold statements in several character sets. */
async function runFile(server: TestServer, sql: Buffer): Promise<void> {
  const [program, ...args] = server.programs.client
  const child = spawn(program, [...args, '--default-character-set=utf8mb4'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const errors: Buffer[] = []
  child.stderr.on('data', (bytes: Buffer) => errors.push(bytes))
  child.stdin.end(sql)
  const [code] = await once(child, 'close')
  if (code !== 0)
    throw new Error(`the corpus does not load into ${server.kind}: ${Buffer.concat(errors).toString('utf8')}`)
}
