// Files of a MySQL server over the wire: Holdfast against CLONE INSTANCE into another server here and `tar | zstd -1 -T2` of what came, neither hashed nor encrypted.
import { rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startServer, type TestServer } from '../test/support/servers.ts'
import { measure } from './measure.ts'
import { bytesIn, Pairs } from './pairs.ts'
import { fillSampleTables, sampleOptions } from './sample-tables.ts'
import { askedServer, serverOptions, startSource } from './source-server.ts'
import { openWorkspace, type Workspace, words } from './workspace.ts'

const usage = 'npm run bench -- clone [--server mysql-9.7] [--tables 4] [--rows 250000] [--runs 3]\n'

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...serverOptions,
      ...sampleOptions,
      server: { ...serverOptions.server, default: 'mysql-9.7' },
    },
  })
  const kind = askedServer(values, usage)
  if (kind === undefined) return
  if (!kind.startsWith('mysql')) throw new Error(`MariaDB has no CLONE\n${usage}`)
  await using space = await openWorkspace()
  await using source = await startSource(kind)
  await using recipient = await startServer(kind)
  await fillSampleTables(source, Number(values.tables), Number(values.rows))
  await source.sql(
    "INSTALL PLUGIN clone SONAME 'mysql_clone.so'; CREATE USER donor IDENTIFIED BY 'Donor-1'; GRANT BACKUP_ADMIN ON *.* TO donor",
  )
  await recipient.sql(
    `INSTALL PLUGIN clone SONAME 'mysql_clone.so'; SET GLOBAL clone_valid_donor_list = '127.0.0.1:${source.port}'`,
  )
  process.stdout.write(`${values.tables} tables of ${values.rows} rows; median of ${values.runs}\n\n`)
  await backups(source, recipient, space, Number(values.runs))
}

async function backups(
  source: TestServer,
  recipient: TestServer,
  { folder, repository, holdfast, env }: Workspace,
  runs: number,
): Promise<void> {
  const [cloned, archive] = ['cloned', 'cloned.tar.zst'].map((name) => path.join(folder, name))
  const clone = `CLONE INSTANCE FROM donor@'127.0.0.1':${source.port} IDENTIFIED BY 'Donor-1' DATA DIRECTORY = '${cloned}'`
  const theirs = `${words(recipient.programs.client)} -e "${clone}" && tar -C '${cloned}' -cf - . | zstd -1 -T2 -q -f -o '${archive}'`
  const take = `${holdfast} backup ${source.url()} --method clone --repository ${repository} --name bench --quiet`
  const [first, again] = [new Pairs(), new Pairs()]
  for (let round = 0; round < runs; round++) {
    for (const name of ['repository', 'identity', 'cloned']) {
      await rm(path.join(folder, name), { recursive: true, force: true })
    }
    await measure(
      `${holdfast} init --repository ${repository} --identity-out ${env['HOLDFAST_IDENTITY_FILE']}`,
      env,
    )
    const their = await measure(theirs, env)
    for (const pairs of [first, again]) {
      const before = await bytesIn(repository)
      const own = await measure(take, env)
      pairs.add(their, own, (await stat(archive ?? '')).size, (await bytesIn(repository)) - before)
    }
  }
  first.report('first backup', 'CLONE INSTANCE, zstd -1')
  again.report('the same again, nothing changed', 'CLONE INSTANCE, zstd -1')
}
