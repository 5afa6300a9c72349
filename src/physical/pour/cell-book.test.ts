import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { CellBook, NewCellBook } from './cell-book.ts'
import type { RememberedCell } from './cell-memory.ts'

const id = 'ab'.repeat(32)
const remembered: RememberedCell = {
  content: randomBytes(16),
  baseContent: randomBytes(16),
  base: { id, plainBytes: 262_144 },
  delta: { id, blocks: 0x8001, isXor: true },
  blocks: randomBytes(256),
}

async function emptyFolder(): Promise<{ readonly book: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-book-'))
  return {
    book: path.join(folder, 'known-cells'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

function writeBook(book: string, canRead: boolean, cells = 1): void {
  using before = CellBook.open(book)
  using written = new NewCellBook(book, { before, canRead })
  const notes = written.begin()
  for (let cell = 0; cell < cells; cell += 1) notes.note(cell, remembered)
  written.finish([['t.ibd', notes]])
  written.keep()
}

test('a host that can read notes no fingerprints of blocks, and its book takes a third', async () => {
  await using writer = await emptyFolder()
  await using reader = await emptyFolder()
  writeBook(writer.book, false, 400)
  writeBook(reader.book, true, 400)
  const [wide, narrow] = [(await stat(writer.book)).size, (await stat(reader.book)).size]
  assert(narrow < wide / 3 + 200, `${narrow} and ${wide} bytes`)
  using before = CellBook.open(reader.book)
  assert.deepEqual(before?.recall('t.ibd', 399), { ...remembered, blocks: undefined })
})

test('a host that is given a key now and then keeps the fingerprints of blocks for when it has none', async () => {
  await using folder = await emptyFolder()
  writeBook(folder.book, false)
  writeBook(folder.book, true)
  using before = CellBook.open(folder.book)
  assert.deepEqual(before?.recall('t.ibd', 0), remembered)
})

test('a book that cannot be read is none, and is let go of', async () => {
  await using folder = await emptyFolder()
  // Opening this succeeds, and reading it fails.
  await mkdir(folder.book)
  const open = (await readdir('/proc/self/fd')).length
  for (let time = 0; time < 50; time += 1) assert.equal(CellBook.open(folder.book), undefined)
  assert((await readdir('/proc/self/fd')).length < open + 50)
})

test('a record that cannot be read is forgotten', async () => {
  await using folder = await emptyFolder()
  writeBook(folder.book, true)
  const book = CellBook.open(folder.book)
  assert(book?.recall('t.ibd', 0) !== undefined)
  book[Symbol.dispose]()
  assert.equal(book.recall('t.ibd', 0), undefined)
})

test('a book that a full disk does not take gives back at once what it took, and takes no more', async () => {
  await using folder = await emptyFolder()
  const script = `
    import { statSync } from 'node:fs'
    import { NewCellBook } from ${JSON.stringify(new URL('./cell-book.ts', import.meta.url).href)}
    const [, book] = process.argv
    using written = new NewCellBook(book, { before: undefined, canRead: true })
    const sizes = []
    for (let at = 0; at < 200; at += 1) {
      written.write(Buffer.alloc(1024), at * 1024)
      sizes.push(statSync(book + '.new').size)
    }
    written.write(Buffer.alloc(1024), 0)
    sizes.push(statSync(book + '.new').size)
    let why
    try { written.keep() } catch (error) { why = error.code }
    console.log(JSON.stringify({ largest: Math.max(...sizes), last: sizes.at(-1), why }))`
  // No file may be longer than 100 KiB: writing behind that fails like on a full disk.
  const limited = 'ulimit -f 100; exec "$0" --input-type=module -e "$1" "$2"'
  const words = ['-c', limited, process.execPath, script, folder.book]
  const { stdout } = await promisify(execFile)('bash', words)
  assert.deepEqual(JSON.parse(stdout), { largest: 102_400, last: 0, why: 'EFBIG' })
})
