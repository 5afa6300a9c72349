// kill -9 of a restore at random statements, again and again: in the end every row is there once, and nothing else is left of it.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { assertRefused, type HoldfastRun, holdfast, succeed } from '../support/holdfast.ts'
import { describeContents } from '../support/server-contents.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { StatementProxy } from '../support/statement-proxy.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

/** Rows without a key, that would be taken twice; keys that come later; an engine that undoes nothing; and a row that no other is like. */
const tables = `CREATE DATABASE k; USE k;
  CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, v BLOB NOT NULL, n INT, KEY (n));
  INSERT INTO parent (v) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 800) SELECT RANDOM_BYTES(1000) FROM n;
  CREATE TABLE keyless (v BLOB, p INT, KEY (p), CONSTRAINT f FOREIGN KEY (p) REFERENCES parent (id));
  INSERT INTO keyless SELECT v, id FROM parent; INSERT INTO keyless SELECT * FROM keyless;
  CREATE TABLE plain (v BLOB, KEY (v(9))) ENGINE = MyISAM; INSERT INTO plain SELECT v FROM parent LIMIT 300;
  CREATE TABLE small (id INT PRIMARY KEY); INSERT INTO small VALUES (1), (2);
  CREATE VIEW every AS SELECT COUNT(*) FROM keyless; CREATE TRIGGER t BEFORE UPDATE ON small FOR EACH ROW SET NEW.id = NEW.id;
  CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1; CREATE EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO SELECT 1`

/** So that each table comes in several transactions. */
const smallTransactions = ['--max-binlog-cache-size=262144', '--event-scheduler=ON']

/** The same numbers for the same seed (xorshift). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed | 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const globals =
  'SELECT @@global.event_scheduler, @@global.max_allowed_packet, @@global.log_bin_trust_function_creators'

/** When a run is killed: so many commands behind the COMMIT of so many pieces of rows (0: behind the first START TRANSACTION). */
interface Fatal {
  readonly commits: number
  readonly commands: number
}

/** What was sent last may be carried out or not. */
async function killedAt(words: readonly string[], target: TestServer, fatal: Fatal): Promise<HoldfastRun> {
  let child: ChildProcess | undefined
  let commits = 0
  let commands = 0
  await using proxy = await StatementProxy.open(target.port, (passing) => {
    if (passing.kind !== 'command') return false
    const isCounted = commands > 0 || (commits >= fatal.commits && passing.text === 'START TRANSACTION')
    if (passing.text === 'COMMIT') commits++
    if (isCounted) commands++
    if (commands === fatal.commands) child?.kill('SIGKILL')
    return false
  })
  const url = `mysql://root@127.0.0.1:${proxy.port}/?ssl-mode=disabled`
  return await holdfast([...words, '--target', url], {
    onStart: (started) => {
      child = started
    },
  })
}

interface Job {
  /** After `restore`. */
  readonly words: readonly string[]
  readonly target: TestServer
  /** What must be there in the end, and how many rows of it come. */
  readonly truth: readonly string[]
  readonly rows: number
  readonly random: (below: number) => number
  readonly kills: number
  /** That a run may bring before it is killed. */
  readonly mostCommits: number
}

/** Answers how many rows the last run found there. */
async function killAgainAndAgain({
  target,
  truth,
  rows,
  random,
  kills,
  mostCommits,
  ...job
}: Job): Promise<number> {
  const words = [...job.words, '--json']
  const before = await target.sql(globals)
  const next = () => killedAt(words, target, { commits: random(mostCommits + 1), commands: 1 + random(12) })
  let run = await next()
  for (let killed = 1; killed < kills && run.exit !== 0; killed++) {
    assert.equal(run.signal, 'SIGKILL', `after ${killed} kills: ${run.output}`)
    run = await next()
  }
  // It may have come to its end before it was to be killed.
  const last = run.exit === 0 ? run : await succeed([...words, '--target', target.url()])
  const { report } = JSON.parse(last.stdout.trim().split('\n').at(-1) ?? '')
  assert.equal(report.loaded.rows + report.loaded.rowsBefore, rows, last.output)
  assert.deepEqual(await describeContents(target), truth)
  assert.equal(await target.sql(globals), before)
  assert.equal(await target.sql("SHOW DATABASES LIKE 'holdfast%'"), '')
  return report.loaded.rowsBefore
}

eachServer(
  'a restore that is killed at random has every row once in the end',
  async (kind, context: TestContext) => {
    const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? Date.now() % 2 ** 31)
    context.diagnostic(`HOLDFAST_TEST_SEED=${seed}`)
    const random = randomFrom(seed)
    await using folder = await temporaryDirectory()
    await using source = await startServer(kind, { sql: tables })
    const repository = ['--repository', path.join(folder.path, 'repository')]
    await succeed(['init', ...repository, '--no-encryption'])
    await succeed(['backup', source.url(), ...repository, '--name', 'k'])
    const restore = ['restore', 'k', ...repository, '--to', 'backup', '--confirm', 'k']
    const truth = await describeContents(source)
    await using target = await startServer(kind, { args: smallTransactions })
    const job = { target, truth, rows: 2702, random }

    await killAgainAndAgain({ ...job, words: restore, kills: 3, mostCommits: 1 })
    await target.sql('SET foreign_key_checks = 0; DROP DATABASE k')
    const found = await killAgainAndAgain({
      ...job,
      words: [...restore, '--schemas', 'k'],
      kills: 4,
      mostCommits: 3,
    })
    assertRefused(await holdfast([...restore, '--target', target.url()]), 2, /the target already has/)

    await source.sql('INSERT INTO k.keyless SELECT * FROM k.keyless')
    const words = [...restore, '--tables', 'k.keyless', '--on-existing', 'append']
    const more = { words, truth: await describeContents(source), rows: 1600, kills: 4, mostCommits: 3 }
    const foundMore = await killAgainAndAgain({ ...job, ...more })
    assert.ok(found + foundMore > 0, 'no kill came behind a COMMIT')
    context.diagnostic(`${found} and ${foundMore} rows were there before the last runs`)
  },
)
