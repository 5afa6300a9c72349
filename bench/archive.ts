// The archive: what it costs the clients of a source that waits for it, and how fast it takes a log that is there already.
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startServer, type TestServer } from '../test/support/servers.ts'
import { commitRates } from './commit-rates.ts'
import { type Measurement, measure, median } from './measure.ts'
import { mebibytes, report } from './report.ts'
import { askedServer, serverOptions } from './source-server.ts'
import { openWorkspace, serverArgs, type Workspace, words } from './workspace.ts'

const usage = `npm run bench -- archive [--server mariadb-10.11|mariadb-11.8|mysql-9.7] [--clients 8] [--seconds 5] [--mib 1024] [--runs 3]
--mib is the length of the log that is archived at once, by each side on one core; the server may use all.\n`

/** Of each insert of the log that is archived at once, in bytes. */
const rowBytes = 500
const rowsAtOnce = 20

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...serverOptions,
      clients: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '5' },
      mib: { type: 'string', default: '1024' },
    },
  })
  const kind = askedServer(values, usage)
  if (kind === undefined) return
  const runs = Number(values.runs)
  await using space = await openWorkspace()
  // Commits are durable, as where nobody may lose one.
  await using source = await startServer(kind, {
    args: [
      ...serverArgs(kind),
      '--sync-binlog=1',
      '--innodb-flush-log-at-trx-commit=1',
      '--max-binlog-size=1G',
    ],
  })
  process.stdout.write(`${kind} ${source.version}, Node ${process.version}\n\n`)
  await source.sql(
    `CREATE DATABASE bench; CREATE TABLE bench.commits (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(80));
     CREATE TABLE bench.bulk (id INT PRIMARY KEY AUTO_INCREMENT, k INT NOT NULL, v VARBINARY(${rowBytes}) NOT NULL)`,
  )
  if (source.flavour === 'mysql')
    await source.sql("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'")
  await commitRates(source, space, { clients: Number(values.clients), seconds: Number(values.seconds), runs })
  const sizeBytes = await fillLog(source, Number(values.mib) * 2 ** 20)
  await throughput(source, space, sizeBytes, runs)
}

/** Transactions of 20 rows, a fourth of each random bytes, as many as it takes. Answers the length of all logs. */
async function fillLog(source: TestServer, wantedBytes: number): Promise<number> {
  await source.sql(`
    SET GLOBAL sync_binlog = 0; SET GLOBAL innodb_flush_log_at_trx_commit = 2; USE bench;
DELIMITER //
    CREATE PROCEDURE fill_log(transactions INT) BEGIN
      DECLARE n INT DEFAULT 0;
      WHILE n < transactions DO
        INSERT INTO bulk (k, v) VALUES ${Array.from({ length: rowsAtOnce }, () => `(n, CONCAT(RANDOM_BYTES(${rowBytes / 4}), REPEAT(UUID(), 10)))`).join(', ')};
        IF n % 500 = 499 THEN DELETE FROM bulk; END IF;
        SET n = n + 1;
      END WHILE;
END //
DELIMITER ;`)
  for (;;) {
    const sizeBytes = await logBytes(source)
    if (sizeBytes >= wantedBytes) return sizeBytes
    await source.sql('CALL bench.fill_log(5000)')
  }
}

async function logBytes(source: TestServer): Promise<number> {
  const lines = (await source.sql('SHOW BINARY LOGS')).trim().split('\n')
  return lines.reduce((sum, line) => sum + Number(line.split('\t')[1]), 0)
}

/** Each side is held to one core; the server may use both. */
async function throughput(
  source: TestServer,
  { folder, repository, holdfast, env }: Workspace,
  sizeBytes: number,
  runs: number,
): Promise<void> {
  const raw = path.join(folder, 'raw')
  const first = ((await source.sql('SHOW BINARY LOGS')).split('\t')[0] ?? '').trim()
  const tool = words([
    ...source.programs.binlogTool,
    '--raw',
    '--read-from-remote-server',
    '--host=127.0.0.1',
    `--port=${source.port}`,
    '--user=root',
    `--result-file=${raw}/`,
    '--to-last-log',
    first,
  ])
  const [theirs, ours]: [Measurement[], Measurement[]] = [[], []]
  for (let round = 0; round < runs; round++) {
    for (const name of ['raw', 'repository', 'identity', 'spool'])
      await rm(path.join(folder, name), { recursive: true, force: true })
    await mkdir(raw)
    await measure(
      `${holdfast} init --repository ${repository} --identity-out ${env['HOLDFAST_IDENTITY_FILE']}`,
      env,
    )
    theirs.push(await measure(`taskset -c 0 ${tool}`))
    ours.push(
      await measure(
        `taskset -c 0 ${holdfast} stream '${source.url()}' --repository ${repository} --name bench --until-caught-up --quiet`,
        env,
      ),
    )
  }
  const peer = `${path.basename(source.programs.binlogTool[0])} --raw`
  report(`${mebibytes(sizeBytes)} MiB of log, on one core`, peer, theirs, ours)
  const speed = (measured: readonly Measurement[]): string =>
    (sizeBytes / 1e6 / median(measured.map(({ seconds }) => seconds))).toFixed(0)
  process.stdout.write(
    `  ${peer} ${speed(theirs)} MB/s; holdfast ${speed(ours)} MB/s, checked, hashed, compressed and encrypted\n`,
  )
}
