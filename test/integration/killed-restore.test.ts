// A restore that dies before each statement that changes its target: run again, it completes it, and nothing comes twice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '../../src/core/errors.ts'
import type { RestorePlan } from '../../src/recovery/restore-plan.ts'
import { eventually } from '../support/archive-rig.ts'
import { type RestoreRig, restoreRig } from '../support/restore-rig.ts'
import { describeContents } from '../support/server-contents.ts'
import { eachServer, type ServerKind, startServer, type TestServer } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { type Passing, StatementProxy } from '../support/statement-proxy.ts'

const base = `CREATE DATABASE d; USE d;
  CREATE TABLE t (id INT PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'one'), (2, 'two');
  CREATE TABLE u (id INT PRIMARY KEY, n INT); INSERT INTO u VALUES (1, 10);
  CREATE TABLE words (w TEXT, t INT, n INT, KEY (n), FULLTEXT (w), FOREIGN KEY (t) REFERENCES t (id));
  INSERT INTO words VALUES ('a word', 1, 1), ('a word', 1, 1); CREATE TABLE plain (a INT) ENGINE = MyISAM; INSERT INTO plain VALUES (1), (1);
  CREATE VIEW w AS SELECT v FROM t; CREATE PROCEDURE p() DELETE FROM u;
  ALTER DATABASE d COLLATE utf8mb4_bin; CREATE FUNCTION later() RETURNS INT DETERMINISTIC RETURN 1;
  CREATE TRIGGER g BEFORE INSERT ON u FOR EACH ROW SET NEW.n = NEW.n + 1;
  CREATE TRIGGER of_plain BEFORE INSERT ON plain FOR EACH ROW SET NEW.a = NEW.a + 1;
  CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM u;
  CREATE USER div_clerk IDENTIFIED BY 'Clerk-1'; CREATE ROLE div_role; GRANT SELECT ON d.* TO div_role; GRANT div_role TO div_clerk`
/** What only one family has. */
const more = { mysql: '', mariadb: '; CREATE SEQUENCE d.s START WITH 5' }
const later = `USE d; INSERT INTO u VALUES (2, 20); UPDATE t SET v = CONCAT(v, '!');
  CREATE TABLE late (id INT); INSERT INTO late VALUES (7); GRANT INSERT ON d.u TO div_clerk; INSERT INTO late VALUES (8)`

/** Whether the target, or what is on its way to it, is another one after this; and the row of statements is the same each time. */
function changes(passing: Passing): boolean {
  if (passing.kind === 'file') return true
  // A transaction that is replayed begins with settings, in one text with what follows them.
  if (passing.text.includes(';')) return true
  return !/^(SELECT|SHOW|USE|SET (?!GLOBAL)|XA RECOVER|$)/i.test(passing.text)
}

function nameOf(passing: Passing): string {
  return passing.kind === 'command'
    ? passing.text.slice(0, 60)
    : `file, ${passing.isEnd ? 'its end' : 'a piece'}`
}

/** Indexes come after the rows. */
const inSmallTables = { deferFromBytes: 0 }

async function restoreThrough(
  rig: RestoreRig,
  plan: RestorePlan,
  target: TestServer,
  fatal: number,
): Promise<{ readonly passed: readonly string[]; readonly error: unknown }> {
  const passed: string[] = []
  await using proxy = await StatementProxy.open(target.port, (passing) => {
    if (!changes(passing)) return false
    passed.push(nameOf(passing))
    return passed.length > fatal
  })
  const settings = () => ({ ...target.settings(), port: proxy.port })
  try {
    await rig.restore(plan, { ...target, settings }, inSmallTables)
    return { passed, error: undefined }
  } catch (error) {
    return { passed, error }
  }
}

/** A server may take a while to see that its clients are gone, and finishes what it has begun. */
async function sessionsEnded(target: TestServer): Promise<void> {
  await eventually('the sessions of the dead restore are gone', async () => {
    const others = "FROM information_schema.processlist WHERE user = 'root' AND id <> CONNECTION_ID()"
    return (await target.sql(`SELECT COUNT(*) ${others}`)).trim() === '0'
  })
}

function globalsOf(target: TestServer): Promise<string> {
  return target.sql(
    'SELECT @@global.event_scheduler, @@global.max_allowed_packet, @@global.log_bin_trust_function_creators',
  )
}

async function empty(target: TestServer, hasLog: boolean): Promise<void> {
  const resets = {
    mysql: 'RESET BINARY LOGS AND GTIDS',
    mariadb: `${hasLog ? 'RESET MASTER;' : ''} SET GLOBAL gtid_slave_pos = ''`,
  }
  await target.sql(
    `DROP DATABASE IF EXISTS d; DROP USER IF EXISTS div_clerk; DROP ROLE IF EXISTS div_role; ${resets[target.flavour]};
     SET GLOBAL max_allowed_packet = DEFAULT; SET GLOBAL event_scheduler = DEFAULT;
     SET GLOBAL log_bin_trust_function_creators = DEFAULT`,
  )
}

/** At each `stride`-th statement. */
async function dieAtEach(kind: ServerKind, hasLog: boolean, stride: number): Promise<void> {
  await using source = await startServer(kind)
  await source.sql(`${base}${more[source.flavour]}`)
  await using rig = await restoreRig(source)
  await rig.backUp()
  await source.sql(later)
  await rig.archive.catchUp()
  const plan = await rig.plan('latest')
  const truth = await describeContents(source)
  // Durable, because RESET MASTER waits for the next flush of InnoDB's log, which is otherwise due once a second.
  await using target = await startServer(kind, { durable: true, log_bin: hasLog })
  const whole = await restoreThrough(rig, plan, target, Number.POSITIVE_INFINITY)
  assert.equal(whole.error, undefined)
  assert.deepEqual(await describeContents(target), truth)
  const globals = await globalsOf(target)

  const outcomes: string[] = []
  for (const [fatal, name] of whole.passed.entries()) {
    if (fatal % stride !== 0) continue
    const where = `${name}, statement ${fatal} of ${whole.passed.join('\n')}`
    await empty(target, hasLog)
    const { error } = await restoreThrough(rig, plan, target, fatal)
    assert.ok(isHoldfastError(error, 'CONNECTION_LOST', 'SOURCE_UNREACHABLE'), `${String(error)} at ${where}`)
    await sessionsEnded(target)
    const { isContinued, loaded } = await rig
      .restore(plan, target, inSmallTables)
      .catch((failure: unknown) => {
        throw new Error(where, { cause: failure })
      })
    assert.deepEqual(await describeContents(target), truth, where)
    assert.deepEqual(await globalsOf(target), globals, where)
    outcomes.push(!isContinued ? 'done' : loaded === undefined ? 'replayed' : 'continued')
  }
  // Nothing there yet, then half a base, then a whole one: no other order makes sense.
  assert.match(outcomes.join(' '), /^(done )+(continued )+(replayed ?)+$/)
  assert.ok(whole.passed.length > 20, whole.passed.join('\n'))
}

const mariadb = someKind('mariadb')

eachServer('a restore that dies at any statement is completed by running it again', (kind) =>
  dieAtEach(kind, true, kind === mariadb ? 2 : 7),
)

test(`so is one whose target keeps its position in a table, having no log (${mariadb})`, () =>
  dieAtEach(mariadb, false, 7))
