import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ColumnContent, TableContent } from '../content.ts'
import { RowTuples, rowsOf } from './row-tuples.ts'

const emptyTable: TableContent = {
  name: 't',
  ddl: '',
  engine: 'InnoDB',
  isTransactional: true,
  columns: [],
  rows: 1,
  hasHistory: false,
  isInsertOnly: false,
  triggers: [],
}

function tuple(row: string | Buffer, ...encodings: ColumnContent['encoding'][]): string {
  const columns = encodings.map((encoding, at) => ({ name: `c${at}`, encoding }))
  const table = { ...emptyTable, columns }
  const tuples = new RowTuples(table)
  tuples.add(Buffer.from(row))
  return tuples.take().toString()
}

async function rows(...pieces: string[]): Promise<string[]> {
  const source = async function* () {
    for (const piece of pieces) yield Buffer.from(piece)
  }
  const found: string[] = []
  for await (const row of rowsOf(source())) found.push(row.toString())
  return found
}

test('cells become literals, and NULL becomes NULL', () => {
  assert.equal(
    tuple("1\tit's\t\\N\t", 'plain', 'plain', 'plain', 'plain'),
    "(_binary'1',_binary'it\\'s',NULL,_binary'')",
  )
})

test('escapes stay as they are within quotes', () => {
  assert.equal(tuple('a\\tb\\n\\0\\\\N', 'plain'), "(_binary'a\\tb\\n\\0\\\\N')")
})

test('a cell that is no text is written in hex, without its escapes', () => {
  const cell = Buffer.from([0xff, 0x5c, 0x30, 0x5c, 0x74, 0x5c, 0x6e, 0x5c, 0x5c, 0x27, 0x0d])
  assert.equal(
    tuple(Buffer.concat([Buffer.from('é\t'), cell]), 'plain', 'plain'),
    "(_binary'é',_binary x'ff00090a5c270d')",
  )
})

test('a cell with the character that ends a text file on Windows is written in hex', () => {
  assert.equal(tuple('a\x1ab', 'plain'), "(_binary x'611a62')")
})

test('columns that are assigned through an expression keep it', () => {
  assert.equal(
    tuple('{}\t\\N', 'json', 'number'),
    "(CONVERT(_binary'{}' USING utf8mb4),CAST(NULL AS UNSIGNED))",
  )
})

test('a row may come in several pieces, and a piece may hold several rows', async () => {
  assert.deepEqual(await rows('a\nb', 'c', 'd\n', '\ne\n'), ['a', 'bcd', '', 'e'])
})

test('tuples are gathered until they are taken, however long they grow', () => {
  const columns = [{ name: 'c', encoding: 'plain' }] as const
  const tuples = new RowTuples({ ...emptyTable, columns: [...columns] })
  const long = `'${'x'.repeat(100_000)}`
  tuples.add(Buffer.from('a'))
  tuples.add(Buffer.from(long))
  assert.equal(tuples.take().toString(), `(_binary'a'),\n(_binary'\\${long}')`)
  assert.equal(tuples.length, 0)
  tuples.add(Buffer.alloc(100_000, 0xff))
  assert.equal(tuples.take().toString(), `(_binary x'${'ff'.repeat(100_000)}')`)
})
