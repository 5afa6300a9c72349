// Backups of files: Holdfast with mariadb-backup against `mariadb-backup --stream | zstd -1 -T2`, which stores neither hashed nor encrypted.
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { TestServer } from '../test/support/servers.ts'
import { type Measurement, measure } from './measure.ts'
import { report } from './report.ts'
import { fillSampleTables, sampleOptions } from './sample-tables.ts'
import { askedServer, serverOptions, startSource } from './source-server.ts'
import { openWorkspace, type Workspace } from './workspace.ts'

const usage = `npm run bench -- physical [--server mariadb-10.11|mariadb-11.8] [--tables 4] [--rows 250000] [--runs 3]\n`

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...serverOptions,
      ...sampleOptions,
    },
  })
  const kind = askedServer(values, usage)
  if (kind === undefined) return
  if (!kind.startsWith('mariadb')) throw new Error(`mariadb-backup is for MariaDB\n${usage}`)
  await using space = await openWorkspace()
  await using source = await startSource(kind)
  await fillSampleTables(source, Number(values.tables), Number(values.rows))
  process.stdout.write(`${values.tables} tables of ${values.rows} rows; median of ${values.runs}\n\n`)
  await backups(source, space, Number(values.runs))
}

async function backups(source: TestServer, { folder, repository, holdfast, env }: Workspace, runs: number) {
  const program = path.join(path.dirname(source.programs.dump[0]), 'mariadb-backup')
  const scratch = path.join(folder, 'scratch')
  const stream = path.join(folder, 'stream.zst')
  const theirCommand =
    `'${program}' --no-defaults --backup --stream=mbstream --target-dir='${scratch}' --host=127.0.0.1 --port=${source.port} --user=root` +
    ` | zstd -1 -T2 -q -f -o '${stream}'`
  const take = `${holdfast} backup ${source.url()} --method mariadb-backup --repository ${repository} --name bench --quiet`
  const theirs: Measurement[] = []
  const first: Measurement[] = []
  const second: Measurement[] = []
  for (let round = 0; round < runs; round++) {
    await rm(repository, { recursive: true, force: true })
    await rm(path.join(folder, 'identity'), { force: true })
    await rm(scratch, { recursive: true, force: true })
    await mkdir(scratch)
    const options = { ...env, HOLDFAST_MARIADB_BACKUP: program }
    await measure(
      `${holdfast} init --repository ${repository} --identity-out ${env['HOLDFAST_IDENTITY_FILE']}`,
      env,
    )
    theirs.push(await measure(theirCommand))
    first.push(await measure(take, options))
    second.push(await measure(take, options))
  }
  report('first backup', 'mariadb-backup, zstd -1', theirs, first)
  report('the same again, nothing changed', 'mariadb-backup, zstd -1', theirs, second)
}
