// Backup and restore of tables: Holdfast against `mariadb-dump | zstd -1` (or mysqldump), and mydumper where there is one, on the same data in one run.
import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type ServerKind, startServer, type TestServer } from '../test/support/servers.ts'
import { checksums, compare } from './checksums.ts'
import { type Measurement, measure } from './measure.ts'
import { findMydumper, type Mydumper } from './mydumper.ts'
import { mebibytes, report } from './report.ts'
import { fillSampleTables, sampleOptions } from './sample-tables.ts'
import { askedServer, serverOptions, startSource } from './source-server.ts'
import { openWorkspace, serverArgs, type Workspace, words } from './workspace.ts'

const usage = `npm run bench -- logical [--server mariadb-10.11|mariadb-11.8|mysql-9.7] [--tables 4] [--rows 250000]
                        [--runs 3] [--no-restore] [--mydumper FOLDER]
mydumper and myloader are compared too where FOLDER or PATH has them.
A table of 2 GB: npm run bench -- logical --tables 1 --rows 10000000 --runs 1\n`

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...serverOptions,
      ...sampleOptions,
      'no-restore': { type: 'boolean', default: false },
      mydumper: { type: 'string' },
    },
  })
  const kind = askedServer(values, usage)
  if (kind === undefined) return
  const [tables, rows, runs] = [Number(values.tables), Number(values.rows), Number(values.runs)]
  await using space = await openWorkspace()
  await using source = await startSource(kind)
  await fillSampleTables(source, tables, rows)
  const dataBytes = Number(
    await source.sql("SELECT SUM(data_length) FROM information_schema.tables WHERE table_schema = 'bench'"),
  )
  process.stdout.write(
    `${tables} tables of ${rows} rows, ${mebibytes(dataBytes)} MiB of InnoDB data; median of ${runs}\n\n`,
  )

  const mydumper = await findMydumper(values.mydumper)
  await backups(source, space, runs, mydumper)
  if (!values['no-restore']) await restores(kind, source, space, runs, mydumper)
}

async function backups(
  source: TestServer,
  space: Workspace,
  runs: number,
  mydumper: Mydumper | undefined,
): Promise<void> {
  const { repository } = space
  const dumpFile = path.join(space.folder, 'dump.sql.zst')
  const dump = `${words(source.programs.dump)} --single-transaction --databases bench | zstd -1 -q -f -o ${dumpFile}`
  const ours: Measurement[] = []
  const theirs: Measurement[] = []
  const others: Measurement[] = []
  for (let round = 0; round < runs; round++) {
    // A repository of its own each time, so that no run profits from the one before.
    await rm(repository, { recursive: true, force: true })
    await rm(path.join(space.folder, 'identity'), { force: true })
    await measure(
      `${space.holdfast} init --repository ${repository} --identity-out ${space.env['HOLDFAST_IDENTITY_FILE']}`,
      space.env,
    )
    theirs.push(await measure(dump))
    if (mydumper !== undefined) {
      await rm(mydumperFolder(space), { recursive: true, force: true })
      others.push(await measure(mydumper.dump(source, mydumperFolder(space))))
    }
    ours.push(
      await measure(
        `${space.holdfast} backup ${source.url()} --repository ${repository} --name bench --schemas bench --quiet`,
        space.env,
      ),
    )
  }
  report('backup', `${path.basename(source.programs.dump[0])}, zstd -1`, theirs, ours)
  if (mydumper !== undefined) report('backup', mydumper.name, others, ours)
  process.stdout.write(
    `  stored: ${mebibytes((await stat(dumpFile)).size)} MiB, Holdfast ${mebibytes(await folderBytes(repository))} MiB (hashed, encrypted)\n\n`,
  )
}

async function restores(
  kind: ServerKind,
  source: TestServer,
  space: Workspace,
  runs: number,
  mydumper: Mydumper | undefined,
): Promise<void> {
  const { repository } = space
  const dumpFile = path.join(space.folder, 'dump.sql.zst')
  const ours: Measurement[] = []
  const theirs: Measurement[] = []
  const others: Measurement[] = []
  const truth = await checksums(source)
  for (let round = 0; round < runs; round++) {
    {
      await using target = await startServer(kind, { args: serverArgs(kind) })
      theirs.push(await measure(`zstd -dc ${dumpFile} | ${words(target.programs.client)}`, {}, target.pid))
      await compare(truth, target)
    }
    if (mydumper !== undefined) {
      await using target = await startServer(kind, { args: serverArgs(kind) })
      others.push(await measure(mydumper.load(target, mydumperFolder(space)), {}, target.pid))
      await compare(truth, target)
    }
    await using target = await startServer(kind, { args: serverArgs(kind) })
    ours.push(
      await measure(
        `${space.holdfast} restore bench --repository ${repository} --to backup --target ${target.url()} --confirm bench --quiet`,
        space.env,
        target.pid,
      ),
    )
    await compare(truth, target)
  }
  report('restore', `${path.basename(source.programs.client[0])}, zstd -1`, theirs, ours)
  if (mydumper !== undefined) report('restore', mydumper.name, others, ours)
}

function mydumperFolder(space: Workspace): string {
  return path.join(space.folder, 'mydumper')
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
