// Commits per second of some clients: alone, beside a copier of the log that nobody waits for, and waiting for our archive.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../src/wire/connection.ts'
import type { TestServer } from '../test/support/servers.ts'
import { measure, median } from './measure.ts'
import type { Workspace } from './workspace.ts'

export interface CommitRates {
  readonly clients: number
  readonly seconds: number
  readonly runs: number
}

export async function commitRates(source: TestServer, space: Workspace, plan: CommitRates): Promise<void> {
  const [alone, copied, acknowledged]: number[][] = [[], [], []]
  const latencies: string[] = []
  for (let round = 0; round < plan.runs; round++) {
    alone?.push(await rate(source, plan))
    copied?.push(await besideCopier(source, space, plan))
    const waiting = await whileWeAcknowledge(source, space, plan)
    acknowledged?.push(waiting.rate)
    latencies.push(waiting.latency)
  }
  const base = median(alone ?? [])
  const line = (name: string, rates: readonly number[] = []): string =>
    `  ${name.padEnd(34)} ${median(rates).toFixed(0).padStart(7)} commits/s   ${(median(rates) / base).toFixed(2)} of those alone (${rates.map((each) => each.toFixed(0)).join(', ')})\n`
  process.stdout.write(
    `${plan.clients} clients, one row in each transaction\n${line('no replica', alone)}${line(`${copier(source)} --stop-never`, copied)}` +
      `${line('holdfast stream --semi-sync', acknowledged)}  ${latencies.join('\n  ')}\n\n`,
  )
}

/** Commits that clients saw in a second. */
async function rate(source: TestServer, { clients, seconds }: CommitRates): Promise<number> {
  const connections = await Promise.all(
    Array.from({ length: clients }, () => Connection.open({ ...source.settings(), schema: 'bench' })),
  )
  const started = performance.now()
  const ends = started + seconds * 1000
  const counts = await Promise.all(
    connections.map(async (connection) => {
      let commits = 0
      for (; performance.now() < ends; commits++)
        await connection.run("INSERT INTO commits (v) VALUES ('a commit of a client that waits for it')")
      return commits
    }),
  )
  const took = (performance.now() - started) / 1000
  for (const connection of connections) connection.destroy()
  return counts.reduce((sum, count) => sum + count, 0) / took
}

function copier(source: TestServer): string {
  return path.basename(source.programs.binlogTool[0])
}

async function besideCopier(source: TestServer, { folder }: Workspace, plan: CommitRates): Promise<number> {
  const raw = path.join(folder, 'raw')
  await rm(raw, { recursive: true, force: true })
  await mkdir(raw)
  const [program, ...args] = [
    ...source.programs.binlogTool,
    '--raw',
    '--read-from-remote-server',
    '--stop-never',
    '--host=127.0.0.1',
    `--port=${source.port}`,
    '--user=root',
    `--result-file=${raw}/`,
    await newestFile(source),
  ]
  const child = spawn(program ?? '', args, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  try {
    await sleep(1000)
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`)
    return await rate(source, plan)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

export async function newestFile(source: TestServer): Promise<string> {
  const last = (await source.sql('SHOW BINARY LOGS')).trim().split('\n').at(-1) ?? ''
  return last.split('\t')[0] ?? ''
}

async function whileWeAcknowledge(
  source: TestServer,
  { folder, repository, holdfast, env }: Workspace,
  plan: CommitRates,
): Promise<{ readonly rate: number; readonly latency: string }> {
  for (const name of ['repository', 'identity', 'spool'])
    await rm(path.join(folder, name), { recursive: true, force: true })
  await measure(
    `${holdfast} init --repository ${repository} --identity-out ${env['HOLDFAST_IDENTITY_FILE']}`,
    env,
  )
  const word = source.flavour === 'mysql' ? 'source' : 'master'
  await source.sql(
    `SET GLOBAL rpl_semi_sync_${word}_wait_point = AFTER_SYNC; SET GLOBAL rpl_semi_sync_${word}_timeout = 60000; SET GLOBAL rpl_semi_sync_${word}_enabled = ON`,
  )
  const child = spawn(
    'bash',
    ['-c', `exec ${holdfast} stream '${source.url()}' --repository ${repository} --name bench --semi-sync`],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const ended = once(child, 'exit')
  let said = ''
  for (const output of [child.stdout, child.stderr])
    output.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  try {
    while (!(await source.sql("SHOW STATUS LIKE 'Rpl_semi_sync_%_clients'")).trim().endsWith('\t1')) {
      if (child.exitCode !== null) throw new Error(`holdfast stream ended with ${child.exitCode}: ${said}`)
      await sleep(100)
    }
    // A first commit is back when all before it is archived.
    await rate(source, { ...plan, seconds: 0.1 })
    const before = await unacknowledged(source)
    const reached = await rate(source, plan)
    if ((await unacknowledged(source)) !== before) throw new Error('commits did not wait for the archive')
    return { rate: reached, latency: await latencyOf(child, ended, () => said) }
  } finally {
    child.kill('SIGKILL')
    await ended
    await source.sql(`SET GLOBAL rpl_semi_sync_${word}_enabled = OFF`)
  }
}

/** Commits that returned although nobody acknowledged them. */
async function unacknowledged(source: TestServer): Promise<string> {
  return source.sql("SHOW STATUS LIKE 'Rpl_semi_sync_%_no_tx'")
}

/** The sentence that it closes with. */
async function latencyOf(
  child: ReturnType<typeof spawn>,
  ended: Promise<unknown>,
  said: () => string,
): Promise<string> {
  child.kill('SIGTERM')
  await ended
  const sentence = said()
    .split('\n')
    .find((line) => /99 %/.test(line))
  if (sentence === undefined) throw new Error(`no acknowledgement was measured: ${said()}`)
  return sentence
}
