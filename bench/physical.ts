// Backups of files: Holdfast with mariadb-backup against `mariadb-backup --stream | zstd -1 -T2`, which stores neither hashed nor encrypted.
import { mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { TestServer } from '../test/support/servers.ts'
import { type Measurement, measure } from './measure.ts'
import { bytesIn, Pairs } from './pairs.ts'
import { fillSampleTables, sampleOptions } from './sample-tables.ts'
import { writeALittle } from './small-writes.ts'
import { askedServer, serverOptions, startSource } from './source-server.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

const usage = `npm run bench -- physical [--server mariadb-10.11|mariadb-11.8] [--tables 4] [--rows 250000] [--transactions 2500]
                         [--with-identity] [--runs 3]\n`

interface Load {
  readonly tables: number
  readonly rows: number
  /** Between one backup and the next. */
  readonly transactions: number
  /** Holdfast has the key to what it stored, and can store differences within pages. */
  readonly canRead: boolean
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...serverOptions,
      ...sampleOptions,
      // As many for a row as 10,000 are for 4 tables of 1,000,000.
      transactions: { type: 'string', default: '2500' },
      'with-identity': { type: 'boolean', default: false },
    },
  })
  const kind = askedServer(values, usage)
  if (kind === undefined) return
  if (!kind.startsWith('mariadb')) throw new Error(`mariadb-backup is for MariaDB\n${usage}`)
  const load = {
    tables: Number(values.tables),
    rows: Number(values.rows),
    transactions: Number(values.transactions),
    canRead: values['with-identity'],
  }
  await using space = await openWorkspace()
  await using source = await startSource(kind)
  await fillSampleTables(source, load.tables, load.rows)
  // Their increment begins at the last checkpoint before their full backup: with all of the filling behind it, it would have every page.
  await source.stop()
  await source.restart()
  process.stdout.write(`${values.tables} tables of ${values.rows} rows; median of ${values.runs}\n\n`)
  await backups(source, space, load, Number(values.runs))
}

async function backups(
  source: TestServer,
  { folder, repository, holdfast, env }: Workspace,
  load: Load,
  runs: number,
) {
  const program = path.join(path.dirname(source.programs.dump[0]), 'mariadb-backup')
  const inside = (name: string) => path.join(folder, name)
  const stream = inside('stream.zst')
  const theirs = (more: string) =>
    `'${program}' --no-defaults --backup --stream=mbstream --target-dir='${inside('scratch')}' --host=127.0.0.1 --port=${source.port} --user=root` +
    ` ${more} | zstd -1 -T2 -q -f -o '${stream}'`
  const take =
    `${holdfast} backup ${source.url()} --method mariadb-backup --repository ${repository} --name bench --quiet` +
    (load.canRead ? ` --identity ${env['HOLDFAST_IDENTITY_FILE']}` : '')
  const options = { ...env, HOLDFAST_MARIADB_BACKUP: program }
  const [first, again, after] = [new Pairs(), new Pairs(), new Pairs()]
  for (let round = 0; round < runs; round++) {
    for (const name of ['repository', 'identity', 'scratch', 'lsn']) {
      await rm(inside(name), { recursive: true, force: true })
    }
    await mkdir(inside('scratch'))
    await measure(
      `${holdfast} init --repository ${repository} --identity-out ${env['HOLDFAST_IDENTITY_FILE']}`,
      env,
    )
    const stored = async (pairs: Pairs, their: Measurement) => {
      const before = await bytesIn(repository)
      const own = await measure(take, options)
      pairs.add(their, own, (await stat(stream)).size, (await bytesIn(repository)) - before)
    }
    const full = await measure(theirs(`--extra-lsndir='${inside('lsn')}'`))
    await stored(first, full)
    await stored(again, full)
    await writeALittle(source, load)
    await stored(after, await measure(theirs(`--incremental-basedir='${inside('lsn')}'`)))
  }
  first.report('first backup', 'mariadb-backup, zstd -1')
  again.report('the same again, nothing changed', 'mariadb-backup, zstd -1')
  after.report(`after ${load.transactions} small transactions`, '--incremental, zstd -1')
}
