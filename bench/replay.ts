// Replay of many small transactions: Holdfast against `mariadb-binlog | mariadb` (or mysqlbinlog | mysql) on the same log in one run.
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Connection } from '../src/wire/connection.ts'
import { type ServerKind, startServer, type TestServer } from '../test/support/servers.ts'
import { checksums, compare } from './checksums.ts'
import { type Measurement, measure } from './measure.ts'
import { mebibytes, report } from './report.ts'
import { askedServer, serverOptions, startSource } from './source-server.ts'
import { openWorkspace, serverArgs, type Workspace, words } from './workspace.ts'

const usage = `npm run bench -- replay [--server mariadb-10.11|mariadb-11.8|mysql-9.7] [--transactions 12000] [--bytes 100]
                       [--runs 3]
--bytes is the length of the text in each row that is written.\n`

const tables = 4

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...serverOptions,
      transactions: { type: 'string', default: '12000' },
      bytes: { type: 'string', default: '100' },
    },
  })
  const kind = askedServer(values, usage)
  if (kind === undefined) return
  const [transactions, bytes, runs] = [Number(values.transactions), Number(values.bytes), Number(values.runs)]
  await using space = await openWorkspace()
  await using source = await startSource(kind)
  const baseFile = await makeBase(source, space)
  const logs = await makeHistory(source, { transactions, bytes })
  await measure(
    `${space.holdfast} stream ${source.url()} ${named(space)} --until-caught-up --quiet`,
    space.env,
  )
  process.stdout.write(
    `${transactions} transactions on ${tables} tables, rows of ${bytes} bytes, ${mebibytes(logs.sizeBytes)} MiB of binary log; median of ${runs}\n\n`,
  )
  await replays(kind, source, space, { runs, baseFile, logFiles: logs.files })
}

/** Tables that are all but empty, in a backup and in a dump: what is timed is the replay. Answers the dump's file. */
async function makeBase(source: TestServer, space: Workspace): Promise<string> {
  await source.sql(
    `CREATE DATABASE bench; USE bench; ${Array.from(
      { length: tables },
      (_, n) =>
        `CREATE TABLE t${n} (id INT PRIMARY KEY AUTO_INCREMENT, k INT NOT NULL, v TEXT NOT NULL, KEY (k)); INSERT INTO t${n} VALUES (1, 0, '');`,
    ).join('')} FLUSH BINARY LOGS`,
  )
  const baseFile = path.join(space.folder, 'base.sql')
  await measure(`${words(source.programs.dump)} --single-transaction --databases bench >${baseFile}`)
  const key = space.env['HOLDFAST_IDENTITY_FILE']
  await measure(`${space.holdfast} init --repository ${space.repository} --identity-out ${key}`, space.env)
  await measure(`${space.holdfast} backup ${source.url()} ${named(space)} --quiet`, space.env)
  return baseFile
}

/** Orders as a shop takes them: a row is added, one of those before is changed, and every tenth time one goes. */
async function makeHistory(
  source: TestServer,
  { transactions, bytes }: { readonly transactions: number; readonly bytes: number },
): Promise<{ readonly files: readonly string[]; readonly sizeBytes: number }> {
  // The log was flushed behind the base, so that the history begins with the last file.
  const filesBefore = (await logsOf(source)).length - 1
  await using connection = await Connection.open({ ...source.settings(), schema: 'bench' })
  await connection.setMultiStatements(true)
  await using pipeline = connection.openPipeline({ windowBytes: 1 << 20, windowStatements: 100 })
  for (let n = 1; n <= transactions; n++) {
    const table = `t${n % tables}`
    const some = 1 + ((n * 7919) % n)
    const text = String(n).padEnd(bytes, 'abcdefghij').slice(0, bytes)
    const removal = n % 10 === 0 ? `; DELETE FROM ${table} WHERE id = ${some}` : ''
    await pipeline.send(
      `BEGIN; INSERT INTO ${table} (k, v) VALUES (${n}, '${text}'); UPDATE ${table} SET k = k + 1 WHERE id = ${some}${removal}; COMMIT`,
    )
  }
  await pipeline.close()
  await source.sql('FLUSH BINARY LOGS')
  const written = (await logsOf(source)).slice(filesBefore, -1)
  return {
    files: written.map(({ file }) => path.join(source.dataDir, file)),
    sizeBytes: written.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }
}

async function logsOf(server: TestServer): Promise<{ readonly file: string; readonly sizeBytes: number }[]> {
  const lines = (await server.sql('SHOW BINARY LOGS')).trim().split('\n')
  return lines.map((line) => {
    const [file = '', size] = line.split('\t')
    return { file, sizeBytes: Number(size) }
  })
}

interface ReplayPlan {
  readonly runs: number
  readonly baseFile: string
  readonly logFiles: readonly string[]
}

async function replays(
  kind: ServerKind,
  source: TestServer,
  space: Workspace,
  { runs, baseFile, logFiles }: ReplayPlan,
): Promise<void> {
  const theirs: Measurement[] = []
  const ours: Measurement[] = []
  const truth = await checksums(source)
  for (let round = 0; round < runs; round++) {
    // A new server each time, so that neither side finds anything warm or left behind.
    {
      await using target = await startServer(kind, { args: serverArgs(kind) })
      const client = words(target.programs.client)
      await measure(`${client} <${baseFile}`)
      theirs.push(await measure(`${words([...target.programs.binlogTool, ...logFiles])} | ${client}`))
      await compare(truth, target)
    }
    await using target = await startServer(kind, { args: serverArgs(kind) })
    // The whole command, with its start, its plan and the load of a base of a few rows.
    const restore = `${space.holdfast} restore bench --repository ${space.repository} --to latest --target ${target.url()}`
    ours.push(await measure(`${restore} --confirm bench --quiet`, space.env))
    await compare(truth, target)
  }
  const [tool, client] = [source.programs.binlogTool[0], source.programs.client[0]].map((file) =>
    path.basename(file),
  )
  report('replay', `${tool} | ${client}`, theirs, ours)
}

function named({ repository }: Workspace): string {
  return `--repository ${repository} --name bench`
}
