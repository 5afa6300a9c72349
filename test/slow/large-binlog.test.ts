// A binary log file past 4 GiB: positions in event headers and in the command that asks for the log have 32 bits.
import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { runProgram } from '../../scripts/servers/run-program.ts'
import { Archive } from '../../src/archive/archive.ts'
import { exportBinlog } from '../../src/operations/export-binlog.ts'
import { archiveRig, eventually } from '../support/archive-rig.ts'
import { eachServer, startServer } from '../support/servers.ts'

const limit = 2 ** 32
// Each update logs the row before and after it: 64 MiB for a number that counts. 68 of them are 4.25 GiB.
const updates = 68

eachServer(
  'a file of more than 4 GiB is archived, gone on with and given back byte for byte',
  async (kind) => {
    await using server = await startServer(kind, { args: ['--max-allowed-packet=1G'] })
    await using rig = await archiveRig(server, { inDirectory: true })
    await server.sql(`CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, n INT, v LONGBLOB);
    INSERT INTO d.t VALUES (1, 0, REPEAT('x', 32 * 1024 * 1024)); FLUSH BINARY LOGS;
    BEGIN; ${'UPDATE d.t SET n = n + 1;'.repeat(updates)} COMMIT; INSERT INTO d.t VALUES (2, 0, '')`)
    const { stop, done } = rig.stream()
    const isPast = async (): Promise<boolean> =>
      ((await Archive.open(rig.source)).segments.at(-1)?.index.end ?? 0) > limit
    await eventually('it is past 4 GiB', isPast, 1800)
    stop.abort()
    await done
    await rig.catchUp()

    // MariaDB from 11.7 on makes a file of its own of a transaction of this size (binlog_large_commit_threshold).
    const file = await largestLog(server.dataDir)
    const output = path.join(rig.folder, 'exported')
    const request = {
      access: { place: path.join(rig.folder, 'repository'), env: {} },
      source: 'shop',
      file,
      output,
    }
    const { sizeBytes, isComplete } = await exportBinlog(request, new AbortController().signal)
    assert.ok(sizeBytes > limit && isComplete)
    await runProgram('cmp', [output, path.join(server.dataDir, file)])
  },
)

async function largestLog(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^binlog\.\d+$/.test(name))
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).size))
  return names[sizes.indexOf(Math.max(...sizes))] ?? ''
}
