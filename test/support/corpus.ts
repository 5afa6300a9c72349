// Fills a server with the corpus: schemas, tables and code of which each is a bug that some dump tool has shipped.
import assert from 'node:assert/strict'
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
  const sets = [characters.sjis(), characters.gbk(), characters.utf16()].map((all) => [all.join(''), ...all])
  const rows = Array.from({ length: Math.max(...sets.map((all) => all.length)) }, (_, at) => {
    const [sjis = 'NULL', gbk = 'NULL', utf16 = 'NULL'] = ['_sjis', '_gbk', '_utf16'].map(
      (introducer, set) => {
        const hex = sets[set]?.[at]
        return hex === undefined ? 'NULL' : `${introducer} 0x${hex}`
      },
    )
    return `(${sjis}, ${gbk}, ${utf16})`
  })
  await server.sql(`INSERT INTO corpus.every_character_byte (sj, gb, u16) VALUES ${rows.join(', ')}`)
}

/** Characters in hex, so that every byte which a well-formed one may have comes in each place that it may have. */
const characters = {
  /** Bytes 80, A0 and FD to FF are in no character. */
  sjis: () => [
    ...hexes([0x00, 0x7f], [0xa1, 0xdf]),
    ...hexes([0x81, 0x9f], [0xe0, 0xfc]).map((lead) => `${lead}5c`),
    ...hexes([0x40, 0x7e], [0x80, 0xfc]).map((trail) => `83${trail}`),
  ],
  /** Bytes 80 and FF are in no character but as the second. */
  gbk: () => [
    ...hexes([0x00, 0x7f]),
    ...hexes([0x81, 0xfe]).map((lead) => `${lead}5c`),
    ...hexes([0x40, 0x7e], [0x80, 0xfe]).map((trail) => `bf${trail}`),
  ],
  utf16: () => [
    ...hexes([0x00, 0xd7], [0xe0, 0xff]).flatMap((byte) => [`${byte}5c`, `${byte}00`]),
    ...hexes([0x00, 0xff]).map((low) => `5c${low}`),
    ...hexes([0xd8, 0xdb]).map((high) => `${high}09dc5c`),
    ...hexes([0xdc, 0xdf]).map((low) => `d80a${low}0a`),
    ...hexes([0x00, 0xff]).map((low) => `d83ddd${low}`),
  ],
}

function hexes(...spans: readonly (readonly [first: number, last: number])[]): string[] {
  return spans.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, at) => (first + at).toString(16).padStart(2, '0')),
  )
}

/**
 * Makes of the source what a target can be at best, so that both must be the same to the last byte: takes away what no backup brings back
 * and every one tells. On both, what is told to come back in part, after that part was compared.
 */
export async function takeLossesAway(source: TestServer, target: TestServer): Promise<void> {
  // Its table is gone.
  await source.sql('DROP VIEW corpus.broken')
  if (source.flavour === 'mysql') {
    // SQL types within JSON, which text does not show.
    await source.sql('UPDATE corpus.json_typed SET j = CAST(CAST(j AS CHAR) AS JSON)')
    return
  }
  // History that counts transactions of one server.
  const table = 'corpus.versioned_by_transaction'
  for (const sql of [`SHOW CREATE TABLE ${table}`, `SELECT id, v FROM ${table} ORDER BY id`]) {
    assert.equal(await target.sql(sql), await source.sql(sql))
  }
  for (const server of [source, target]) await server.sql(`DROP TABLE ${table}`)
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
