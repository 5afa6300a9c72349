// Streams of xtrabackup, whose programs are on no test machine: made here chunk by chunk, as its reader takes them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryBackup } from '../../../test/support/memory-backup.ts'
import { chunk, sparseChunk, wholeFile } from '../../../test/support/xbstream.ts'
import type { StoredBackup } from '../../core/backup.ts'
import { isHoldfastError } from '../../core/errors.ts'
import { type FileContent, parsePhysicalContent } from '../content.ts'
import { readCell, storedCells } from '../restore/stored-cells.ts'
import { backUpStream, type StreamBackupOptions } from './back-up-stream.ts'

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

type StreamFacts = Partial<Pick<StreamBackupOptions, 'server' | 'writtenAtMs'>>

async function take(...chunks: Buffer[]): Promise<{ stored: StoredBackup; backup: MemoryBackup }> {
  return await takeAs({}, ...chunks)
}

async function takeAs(
  facts: StreamFacts,
  ...chunks: Buffer[]
): Promise<{ stored: StoredBackup; backup: MemoryBackup }> {
  const backup = new MemoryBackup()
  async function* stream(): AsyncGenerator<Buffer> {
    yield* chunks
  }
  return { stored: await backUpStream({ stream: stream(), server: {}, ...facts, sink: backup }), backup }
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

test('its redo log is one of its files, of any size, and so is a table of a schema that is called like them', async () => {
  const files = {
    xtrabackup_logfile: Buffer.alloc(1024 * 1024 + 1, 1),
    xtrabackup_tablespaces: Buffer.from('{"version": 3}'),
    'xtrabackup_info/notes.MYD': Buffer.alloc(1024 * 1024 + 1, 2),
  }
  const chunks = Object.entries(files).map(([name, bytes]) => wholeFile(name, bytes))
  const { stored } = await take(...chunks, notes())
  for (const [name, bytes] of Object.entries(files))
    assert.equal(fileIn(stored, name).sizeBytes, bytes.length)
  assert.equal(fileIn(stored, 'xtrabackup_info/notes.MYD').kind, 'table')
})

test('the time of a stream errs on the late side, for its zone is not noted', async () => {
  const ended = notes({ info: info.replace(/end_time = .*/, 'end_time = 2020-01-02 06:00:09') })
  const timeOf = async (writtenAtMs: number | undefined): Promise<number> =>
    (await takeAs({ writtenAtMs }, ended)).stored.point.timeMicros / 1000
  const noted = Date.parse('2020-01-02T06:00:09')
  const hour = 3_600_000
  assert.equal(await timeOf(noted + 14 * hour), noted + 14 * hour, 'that of the file')
  assert.equal(await timeOf(noted - hour), noted, 'that of the note')
  assert.equal(await timeOf(noted + 0.0104), noted + 0.011, 'microseconds are whole')
  const before = Date.now()
  const now = await timeOf(before + hour)
  assert.ok(now >= before && now <= Date.now(), 'nothing ends in the future')
  const piped = await timeOf(undefined)
  assert.ok(piped >= before && piped <= Date.now(), 'a pipe ends now')
})

const mariadbInfo = 'tool_name = mariadb-backup\nserver_version = 10.11.18-MariaDB-log\npartial = N\n'

function ofMariadb(gtids: string): Buffer {
  return Buffer.concat([
    wholeFile('mariadb_backup_checkpoints', 'backup_type = full-backuped\n'),
    wholeFile('mariadb_backup_info', mariadbInfo),
    wholeFile('mariadb_backup_binlog_info', `binlog.000007\t1234\t${gtids}\n`),
  ])
}

for (const [what, server, gtid, warning] of [
  ['said, and wrote them all', { serverId: 2 }, '0-2-40,5-2-7', undefined],
  ['assumed, and wrote them all', { serverId: 2, isAssumed: true }, '0-2-40,5-2-7', undefined],
  ['unknown', { isAssumed: true }, '0-2-40,5-2-7', /does not say the server_id/],
  ['said, and has replicated some', { serverId: 2 }, '0-1-40,5-2-7', /are of other servers too/],
  [
    'assumed, and has replicated some',
    { serverId: 2, isAssumed: true },
    '0-1-40,5-2-7',
    /are of other servers too/,
  ],
  ['said, and has replicated all', { serverId: 2 }, '0-1-40', /are of other servers too/],
  ['unknown, and has replicated some', { isAssumed: true }, '0-1-40,5-2-7', /are of other servers too/],
  ['assumed, and wrote none', { serverId: 2, isAssumed: true }, '', /is taken for one of server 2/],
] as const) {
  test(`GTIDs of a MariaDB stream are taken for those of its own log only where it wrote them: a server that is ${what}`, async () => {
    const { stored } = await takeAs({ server }, ofMariadb(gtid))
    assert.deepEqual(stored.point.position, { file: 'binlog.000007', offset: 1234 })
    const isKept = gtid !== '' && !/replicated/.test(what)
    assert.deepEqual(stored.point.gtid, isKept ? { flavour: 'mariadb', text: gtid } : undefined)
    assert.match(stored.warnings.join('\n'), warning ?? /^$/)
  })
}

test('a stream of which no GTID is of the server that its name is of is refused unless its server is said', async () => {
  const assumed = { serverId: 2, isAssumed: true }
  await assert.rejects(
    takeAs({ server: assumed }, ofMariadb('0-1-40')),
    (error) => isHoldfastError(error, 'SOURCE_MISMATCH') && /0-1-40.* is of server 2/.test(error.message),
  )
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
