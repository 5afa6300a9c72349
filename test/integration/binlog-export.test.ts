import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { splitEvents } from '../../src/binlog/event-splitter.ts'
import { eventType, eventTypeName } from '../../src/binlog/event-types.ts'
import { exportBinlog } from '../../src/operations/export-binlog.ts'
import { type ArchiveRig, archiveRig } from '../support/archive-rig.ts'
import { makeDiverseHistory } from '../support/diverse-history.ts'
import { withKeyring } from '../support/keyring.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

const change = 'INSERT INTO div1.log (what) VALUES (1);'
const largeEvent = 17 * 1024 * 1024
/** What an encrypted file has more on disk than it holds: the header of MySQL's, Rpl_encryption_header::HEADER_SIZE. */
const sealBytes = { mysql: 512, mariadb: 0 }

eachServer(
  'every file of a source comes back byte for byte, whatever it holds and however it ended',
  async (kind) => {
    const args = ['--max-allowed-packet=64M']
    await using server = await startServer(kind, { args })
    await using rig = await archiveRig(server, { inDirectory: true })
    await makeDiverseHistory(server)
    await server.sql(`
    SET GLOBAL binlog_checksum = NONE; ${change} FLUSH BINARY LOGS; ${change} SET GLOBAL binlog_checksum = CRC32;
    INSERT INTO div1.big (v) VALUES (REPEAT('x', ${largeEvent})); ${change}`)
    await server.restart()
    await server.sql(change)
    await server.kill9()
    await server.restart()
    await server.sql(`${change} FLUSH BINARY LOGS`)
    const clear = await logFiles(server)
    const encrypt = server.flavour === 'mysql' ? '--binlog-encryption=ON' : '--encrypt-binlog=ON'
    await withKeyring(server, rig.folder, [...args, encrypt])
    await server.sql(`${change} FLUSH BINARY LOGS; ${change.repeat(50)} FLUSH BINARY LOGS`)
    await rig.catchUp()

    const held = new Set<string>()
    // To the open file MariaDB adds checkpoints when it likes.
    for (const file of (await logFiles(server)).slice(0, -1)) {
      const source = path.join(server.dataDir, file)
      const expected = clear.includes(file)
        ? await withoutUseMark(source, rig)
        : await fromServer(server, file, rig)
      const output = path.join(rig.folder, `exported-${file}`)
      await exportBinlog(
        { access: { place: path.join(rig.folder, 'repository'), env: {} }, source: 'shop', file, output },
        new AbortController().signal,
      )
      await runProgram('cmp', [output, expected])
      const exported = await readFile(output)
      assert.equal(
        exported.length,
        (await stat(source)).size - (clear.includes(file) ? 0 : sealBytes[server.flavour]),
      )
      await note(held, exported)
      await rm(output)
    }
    const wanted = [
      'ends with rotate',
      'ends with stop',
      'checksum crc32',
      'checksum none',
      'over 16 MiB',
      'xaPrepare',
    ]
    const ofMysql = ['transactionPayload', 'gtidTagged', 'partialUpdateRows']
    const ofMariadb = ['queryCompressed', 'writeRowsCompressedV1', 'startEncryption', 'domain 0', 'domain 7']
    if (kind === 'mariadb-11.8') wanted.push('position zero')
    assert.deepEqual(
      [...wanted, ...(server.flavour === 'mysql' ? ofMysql : ofMariadb)].filter((each) => !held.has(each)),
      [],
    )
  },
)

async function logFiles(server: TestServer): Promise<readonly string[]> {
  return (await readdir(server.dataDir)).filter((name) => /^binlog\.\d+$/.test(name)).toSorted()
}

/** LOG_EVENT_BINLOG_IN_USE_F in the format description stands in an open file, and in one that a crash left: no replica is sent it. */
async function withoutUseMark(file: string, rig: ArchiveRig): Promise<string> {
  const bytes = await readFile(file)
  bytes[4 + 17] = (bytes[4 + 17] ?? 0) & ~1
  const copy = path.join(rig.folder, 'expected')
  await writeFile(copy, bytes)
  return copy
}

/** What the vendor's own tool gets: the file on disk is encrypted. */
async function fromServer(server: TestServer, file: string, rig: ArchiveRig): Promise<string> {
  const folder = path.join(rig.folder, 'from-server')
  await mkdir(folder, { recursive: true })
  const [program, ...options] = server.programs.binlogTool
  const login = ['--host=127.0.0.1', `--port=${server.port}`, '--user=root']
  await runProgram(program, [
    ...options,
    ...login,
    '--read-from-remote-server',
    '--raw',
    `--result-file=${folder}/`,
    file,
  ])
  return path.join(folder, file)
}

/** What a file holds, in words: a test of bytes that were never there would prove nothing. */
async function note(held: Set<string>, file: Buffer): Promise<void> {
  let last = ''
  for await (const { bytes, header, format } of splitEvents([file], { offset: 0 })) {
    last = eventTypeName(header.type)
    held.add(last).add(`checksum ${format.checksum}`)
    if (bytes.length > 16 * 1024 * 1024) held.add('over 16 MiB')
    // Little-endian, behind time 4, type 1, server id 4 and length 4; behind the header of 19 and a sequence number of 8.
    if (bytes.readUInt32LE(13) === 0) held.add('position zero')
    if (header.type === eventType.mariadbGtid) held.add(`domain ${bytes.readUInt32LE(27)}`)
  }
  held.add(`ends with ${last}`)
}
