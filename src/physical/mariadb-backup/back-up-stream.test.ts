// Streams of xtrabackup, whose programs are on no test machine: made here chunk by chunk, as its reader takes them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryBackup } from '../../../test/support/memory-backup.ts'
import { chunk, sparseChunk, wholeFile } from '../../../test/support/xbstream.ts'
import type { StoredBackup } from '../../core/backup.ts'
import { isHoldfastError } from '../../core/errors.ts'
import { type FileContent, parsePhysicalContent } from '../content.ts'
import { readCell, storedCells } from '../restore/stored-cells.ts'
import { backUpStream } from './back-up-stream.ts'

const info = `uuid = 11111111-c000-11f0-a000-000000000000
name =
tool_name = xtrabackup
tool_command = --backup --stream=xbstream
tool_version = 8.4.0-3
ibbackup_version = 8.4.0-3
server_version = 8.4.2
start_time = 2026-11-23 06:00:00
end_time = 2026-11-23 06:00:09
lock_time = 0
innodb_from_lsn = 0
innodb_to_lsn = 20000000
partial = N
incremental = N
format = xbstream
compressed = N
encrypted = N
`
const options = `[mysqld]
innodb_checksum_algorithm=crc32
innodb_data_file_path=ibdata1:12M:autoextend
innodb_page_size=16384
server_id=17
server_uuid=aaaaaaaa-bbbb-11f0-a000-000000000001
`
const gtids = 'aaaaaaaa-bbbb-11f0-a000-000000000001:1-40,\ncccccccc-bbbb-11f0-a000-000000000001:1-2'

/** Notes as xtrabackup 8.4 writes them at the end. */
function notes(more: { checkpoints?: string; info?: string } = {}): Buffer {
  const checkpoints = more.checkpoints ?? 'backup_type = full-backuped\nfrom_lsn = 0\nto_lsn = 20000000\n'
  return Buffer.concat([
    wholeFile('xtrabackup_binlog_info', `binlog.000007\t1234\t${gtids}\n`),
    wholeFile('xtrabackup_checkpoints', checkpoints),
    wholeFile('xtrabackup_info', more.info ?? info),
    wholeFile('backup-my.cnf', options),
  ])
}

/** A first page of MySQL's tablespace 5, which is page-compressed; checksums are said to be off. */
function firstPage(): Buffer {
  const page = Buffer.alloc(16_384)
  page.writeUInt32BE(0xdead_beef, 0)
  page.writeUInt32BE(80_402, 8)
  page.writeUInt32BE(5, 34)
  page.writeUInt32BE(5, 38)
  page.writeUInt32BE(0xdead_beef, 16_384 - 8)
  return page
}

async function take(...chunks: Buffer[]): Promise<{ stored: StoredBackup; backup: MemoryBackup }> {
  const backup = new MemoryBackup()
  async function* stream(): AsyncGenerator<Buffer> {
    yield* chunks
  }
  return { stored: await backUpStream({ stream: stream(), server: {}, sink: backup }), backup }
}

function fileIn(stored: StoredBackup, path: string): FileContent {
  const file = parsePhysicalContent(stored.content).files.find((each) => each.path === path)
  assert(file !== undefined, path)
  return file
}

test('a stream of xtrabackup says itself which server it is of, and where its history ends', async () => {
  const { stored } = await take(wholeFile('mysql.ibd', firstPage()), notes())
  assert.deepEqual(stored.origin, {
    flavour: 'mysql',
    serverVersion: '8.4.2',
    serverId: 17,
    serverUuid: 'aaaaaaaa-bbbb-11f0-a000-000000000001',
  })
  assert.deepEqual(stored.point.position, { file: 'binlog.000007', offset: 1234 })
  assert.equal(stored.point.gtid?.text, gtids.replace('\n', ''))
  const { prepare, server } = parsePhysicalContent(stored.content)
  assert.deepEqual(prepare, { program: 'xtrabackup', version: '8.4.0-3' })
  assert.equal(server.binlogBase, 'binlog')
})

test('holes of a sparse file are holes, also the last of them', async () => {
  const tail = Buffer.alloc(4096, 7)
  const sparse = Buffer.concat([
    sparseChunk('shop/t.ibd', 0n, [
      [0, firstPage()],
      [12_288, tail],
      [12_288, ''],
    ]),
    chunk('E', 'shop/t.ibd'),
  ])
  const { stored, backup } = await take(sparse, notes())
  const file = fileIn(stored, 'shop/t.ibd')
  assert.equal(file.isSparse, true)
  assert.equal(file.sizeBytes, 16_384 + 12_288 + 4096 + 12_288)
  const source = backup.source(stored)
  const [cell] = await storedCells(source, file)
  const bytes = await readCell(source, file, cell!)
  assert.ok(bytes.subarray(28_672, 32_768).equals(tail))
  assert.ok(bytes.subarray(16_384, 28_672).every((byte) => byte === 0))
})

const refused: readonly (readonly [string, Buffer[], RegExp])[] = [
  [
    'a file that xtrabackup compressed',
    [wholeFile('shop/t.ibd.zst', 'packed'), notes()],
    /shop\/t\.ibd\.zst .* is compressed or encrypted/,
  ],
  [
    'an increment',
    [notes({ checkpoints: 'backup_type = incremental\nfrom_lsn = 5\n' })],
    /is a backup of type incremental, and only full ones/,
  ],
  ['a stream without notes', [wholeFile('ibdata1', firstPage())], /no note of its checkpoints/],
  [
    'a stream that does not say of which server it is',
    [notes({ info: 'uuid = 1\n' })],
    /does not say which server/,
  ],
  [
    'a page with a wrong checksum',
    [wholeFile('mysql.ibd', Buffer.concat([firstPage(), Buffer.alloc(16_384, 3)])), notes()],
    /page 1 of mysql\.ibd has a wrong checksum/,
  ],
]

for (const [what, chunks, sentence] of refused) {
  test(`${what} is refused`, async () => {
    await assert.rejects(
      take(...chunks),
      (error) => isHoldfastError(error) && sentence.test(error.message) && error.hint !== '',
    )
  })
}

test('a backup of a part says so', async () => {
  const { stored } = await take(notes({ info: info.replace('partial = N', 'partial = Y') }))
  assert.equal(stored.isPartial, true)
})
