// Backup and restore of tables: Holdfast against `mariadb-dump | zstd -1` (or mysqldump) on the same data in one run.
import { readdir, rm, stat } from 'node:fs/promises'
import { cpus } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { isServerKind } from '../scripts/servers/server-kinds.ts'
import { type ServerKind, startServer, type TestServer } from '../test/support/servers.ts'
import { temporaryDirectory } from '../test/support/temporary-directory.ts'
import { type Measurement, measure, median } from './measure.ts'
import { fillSampleTables } from './sample-tables.ts'

const usage = `npm run bench -- logical [--server mariadb-10.11|mariadb-11.8|mysql-9.7] [--tables 4] [--rows 250000]
                        [--runs 3] [--no-restore]
A table of 2 GB: npm run bench -- logical --tables 1 --rows 10000000 --runs 1\n`

const holdfast = path.join(import.meta.dirname, '..', 'bin', 'holdfast.js')

// Both sides get the same server: enough memory for the data, and a redo log that does not stall the load.
const serverArgs = (kind: ServerKind) => [
  '--innodb-buffer-pool-size=2G',
  '--max-allowed-packet=64M',
  kind.startsWith('mysql') ? '--innodb-redo-log-capacity=1G' : '--innodb-log-file-size=1G',
]

interface Workspace {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      server: { type: 'string', default: 'mariadb-10.11' },
      tables: { type: 'string', default: '4' },
      rows: { type: 'string', default: '250000' },
      runs: { type: 'string', default: '3' },
      'no-restore': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const kind = values.server
  if (!isServerKind(kind)) throw new Error(`no such server: ${kind}\n${usage}`)
  const [tables, rows, runs] = [Number(values.tables), Number(values.rows), Number(values.runs)]
  await using directory = await temporaryDirectory()
  await using source = await startServer(kind, { args: serverArgs(kind) })
  process.stdout.write(`${kind} ${source.version}, ${cpus().length} cores, Node ${process.version}\n`)
  await fillSampleTables(source, tables, rows)
  const dataBytes = Number(
    await source.sql("SELECT SUM(data_length) FROM information_schema.tables WHERE table_schema = 'bench'"),
  )
  process.stdout.write(
    `${tables} tables of ${rows} rows, ${mebibytes(dataBytes)} MiB of InnoDB data; median of ${runs}\n\n`,
  )

  const space: Workspace = {
    folder: directory.path,
    env: {
      HOLDFAST_IDENTITY_FILE: path.join(directory.path, 'identity'),
      XDG_STATE_HOME: path.join(directory.path, 'state'),
    },
  }
  await backups(source, space, runs)
  if (!values['no-restore']) await restores(kind, source, space, runs)
}

async function backups(source: TestServer, space: Workspace, runs: number): Promise<void> {
  const repository = path.join(space.folder, 'repository')
  const dumpFile = path.join(space.folder, 'dump.sql.zst')
  const dump = `${words(source.programs.dump)} --single-transaction --databases bench | zstd -1 -q -f -o ${dumpFile}`
  const ours: Measurement[] = []
  const theirs: Measurement[] = []
  for (let round = 0; round < runs; round++) {
    // A repository of its own each time, so that no run profits from the one before.
    await rm(repository, { recursive: true, force: true })
    await rm(path.join(space.folder, 'identity'), { force: true })
    await measure(
      `node ${holdfast} init --repository ${repository} --identity-out ${space.env['HOLDFAST_IDENTITY_FILE']}`,
      space.env,
    )
    theirs.push(await measure(dump))
    ours.push(
      await measure(
        `node ${holdfast} backup ${source.url()} --repository ${repository} --name bench --schemas bench --quiet`,
        space.env,
      ),
    )
  }
  report('backup', path.basename(source.programs.dump[0]), theirs, ours)
  process.stdout.write(
    `  stored: ${mebibytes((await stat(dumpFile)).size)} MiB, Holdfast ${mebibytes(await folderBytes(repository))} MiB (hashed, encrypted)\n\n`,
  )
}

async function restores(kind: ServerKind, source: TestServer, space: Workspace, runs: number): Promise<void> {
  const repository = path.join(space.folder, 'repository')
  const dumpFile = path.join(space.folder, 'dump.sql.zst')
  const ours: Measurement[] = []
  const theirs: Measurement[] = []
  const truth = await checksums(source)
  for (let round = 0; round < runs; round++) {
    {
      await using target = await startServer(kind, { args: serverArgs(kind) })
      theirs.push(await measure(`zstd -dc ${dumpFile} | ${words(target.programs.client)}`))
      await compare(truth, target)
    }
    await using target = await startServer(kind, { args: serverArgs(kind) })
    ours.push(
      await measure(
        `node ${holdfast} restore bench --repository ${repository} --to backup --target ${target.url()} --confirm bench --quiet`,
        space.env,
      ),
    )
    await compare(truth, target)
  }
  report('restore', path.basename(source.programs.client[0]), theirs, ours)
}

async function checksums(server: TestServer): Promise<string> {
  const tables = (
    await server.sql(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'bench' ORDER BY 1",
    )
  )
    .trim()
    .split('\n')
  return server.sql(`CHECKSUM TABLE ${tables.map((table) => `bench.${table}`).join(', ')}`)
}

/** A restore that is not equal has no time worth printing. */
async function compare(truth: string, target: TestServer): Promise<void> {
  const found = await checksums(target)
  if (found !== truth) throw new Error(`the restored tables differ:\n${truth}\n${found}`)
}

function seconds(runs: readonly Measurement[]): number {
  return median(runs.map((run) => run.seconds))
}

function memory(runs: readonly Measurement[]): number {
  return Math.max(...runs.map((run) => run.peakBytes))
}

function report(
  work: string,
  peer: string,
  theirs: readonly Measurement[],
  ours: readonly Measurement[],
): void {
  const ratios = theirs.map((run, index) => run.seconds / (ours[index]?.seconds ?? Number.NaN))
  process.stdout.write(
    `${work}\n` +
      `  ${`${peer}, zstd -1`.padEnd(24)} ${seconds(theirs).toFixed(2).padStart(8)} s   peak ${mebibytes(memory(theirs))} MiB\n` +
      `  ${'holdfast'.padEnd(24)} ${seconds(ours).toFixed(2).padStart(8)} s   peak ${mebibytes(memory(ours))} MiB\n` +
      `  holdfast is ${median(ratios).toFixed(2)} times as fast (pairs: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})\n`,
  )
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(path.join(entry.parentPath, entry.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

function words(call: readonly string[]): string {
  return call.map((word) => `'${word}'`).join(' ')
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(bytes < 10 * 1024 ** 2 ? 1 : 0)
}
