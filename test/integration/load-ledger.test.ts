// What a load keeps on its target, and what the next run makes of that.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BackupSource } from '../../src/core/backup.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import type { EmitEvent } from '../../src/core/events.ts'
import type { OnExisting } from '../../src/logical/arrival/plan-arrival.ts'
import { parseLogicalContent } from '../../src/logical/content.ts'
import type { MendTable } from '../../src/logical/create-definitions.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadIdentity } from '../../src/logical/ledger/load-identity.ts'
import { LoadLedger } from '../../src/logical/ledger/load-ledger.ts'
import { type LoadReport, loadLogical } from '../../src/logical/load-logical.ts'
import type { RelaxTarget } from '../../src/logical/load-rows.ts'
import { relaxChecks } from '../../src/logical/translate/relax-checks.ts'
import { entryText } from '../../src/logical/translate/report.ts'
import { Connection } from '../../src/wire/connection.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { StatementProxy } from '../support/statement-proxy.ts'

const tables = `CREATE DATABASE l; USE l; CREATE TABLE t (v INT, KEY k (v)); INSERT INTO t VALUES (1), (1), (2);
  CREATE TABLE p (v INT) ENGINE = MyISAM; INSERT INTO p VALUES (1), (2); CREATE TABLE z (v INT); INSERT INTO z VALUES (1)`

interface Run {
  readonly backup: BackupSource
  readonly target: TestServer
  readonly port?: number
  readonly onExisting?: OnExisting
  readonly user?: { readonly user: string; readonly password: string }
  readonly emit?: EmitEvent
  readonly mend?: MendTable
  readonly relax?: RelaxTarget
}

/** As restores of parts do it. */
async function load(run: Run) {
  const { backup, target, port, onExisting = 'fail', user, emit = () => undefined, ...rest } = run
  const settings = { ...target.settings(user), ...(port === undefined ? {} : { port }) }
  const content = parseLogicalContent(backup.content)
  const { accounts: _accounts, ...part } = content
  const identity = loadIdentity({ backupId: 'b', content: part, onExisting, skipBinlog: false })
  await using ledger = await LoadLedger.open({
    settings,
    identity,
    skipBinlog: false,
    emit,
    signal: undefined,
  })
  const parts = { ...backup, content: part }
  const report = await loadLogical({ settings, backup: parts, onExisting, ledger, threads: 1, emit, ...rest })
  await ledger.drop()
  return report
}

/** The load through a proxy that cuts it off when a statement comes that matches for the `nth` time. */
async function cutAt(run: Run, fatal: RegExp, nth = 1): Promise<void> {
  let count = 0
  await using proxy = await StatementProxy.open(run.target.port, (passing) => {
    if (passing.kind === 'command' && fatal.test(passing.text)) count++
    return count >= nth
  })
  await assert.rejects(load({ ...run, port: proxy.port }), (error) =>
    isHoldfastError(error, 'CONNECTION_LOST', 'SOURCE_UNREACHABLE'),
  )
  assert.ok(count >= nth, 'it was cut off')
}

async function backupOf(source: TestServer): Promise<BackupSource> {
  const memory = new MemoryBackup()
  return memory.source(await dumpLogical({ settings: source.settings(), sink: memory }))
}

function rowsOf({ rows, rowsBefore }: LoadReport): readonly number[] {
  return [rows, rowsBefore]
}

const sums = 'SELECT COUNT(*), SUM(v) FROM l.t; SELECT COUNT(*), SUM(v) FROM l.p; SELECT COUNT(*) FROM l.z'

eachServer('a table that somebody dropped is loaded anew, and the others are not', async (kind) => {
  await using source = await startServer(kind, { sql: tables })
  const backup = await backupOf(source)
  await using target = await startServer(kind)
  const run = { backup, target }
  await cutAt(run, /LOAD DATA.*`z`/)
  assert.deepEqual(rowsOf(await load(run)), [3, 3])
  await target.sql('DROP DATABASE l')
  await cutAt(run, /LOAD DATA.*`z`/)
  await target.sql('DROP TABLE l.t')
  assert.deepEqual(rowsOf(await load(run)), [6, 0])
  assert.equal(await target.sql(sums), await source.sql(sums))
  assert.equal(await target.sql("SHOW DATABASES LIKE 'holdfast%'"), '')
})

function refused(sentence: RegExp) {
  return (error: unknown) => isHoldfastError(error, 'TARGET_NOT_EMPTY') && sentence.test(error.message)
}

eachServer(
  'a table that somebody emptied, filled or made meanwhile is not taken for what was loaded',
  async (kind) => {
    await using source = await startServer(kind, { sql: tables })
    const backup = await backupOf(source)
    await using target = await startServer(kind)
    const run = { backup, target }
    await cutAt(run, /LOAD DATA.*`z`/)
    await target.sql('INSERT INTO l.z VALUES (7)')
    await assert.rejects(
      load(run),
      refused(/l\.z has 1 rows, and an earlier run of this restore had brought 0/),
    )
    await target.sql('TRUNCATE l.z; TRUNCATE l.t')
    await assert.rejects(
      load(run),
      refused(/l\.t has 0 rows, and an earlier run of this restore had brought 3/),
    )
  },
)

eachServer('a table that rows were added to and that is gone is not made anew without them', async (kind) => {
  await using source = await startServer(kind, { sql: tables })
  const backup = await backupOf(source)
  await using target = await startServer(kind, {
    sql: 'CREATE DATABASE l; CREATE TABLE l.t (v INT, KEY k (v)); INSERT INTO l.t VALUES (9); CREATE TABLE l.z (v INT)',
  })
  const run = { backup, target, onExisting: 'append' } as const
  await cutAt(run, /LOAD DATA.*`z`/)
  await target.sql('DROP TABLE l.t')
  await assert.rejects(load(run), refused(/l\.t, to which .* is no longer there/))
})

eachServer('a load whose target was killed goes on when that is back', async (kind) => {
  await using source = await startServer(kind, { sql: tables })
  const backup = await backupOf(source)
  await using target = await startServer(kind)
  const run = { backup, target }
  for (const fatal of [/^COMMIT/, /LOAD DATA.*`z`/, /^DROP DATABASE/]) {
    let killing: Promise<void> | undefined
    await using proxy = await StatementProxy.open(target.port, (passing) => {
      if (passing.kind === 'command' && fatal.test(passing.text)) killing ??= target.kill9()
      return false
    })
    await load({ ...run, port: proxy.port }).catch((error: unknown) =>
      assert.ok(isHoldfastError(error, 'CONNECTION_LOST', 'SOURCE_UNREACHABLE'), String(error)),
    )
    assert.ok(killing !== undefined, String(fatal))
    await killing
    await target.restart()
  }
  const isDone = (await target.sql("SHOW DATABASES LIKE 'holdfast%'")) === ''
  if (!isDone) {
    const { rows, rowsBefore } = await load(run)
    assert.equal(rows + rowsBefore, 6)
  }
  assert.equal(await target.sql(sums), await source.sql(sums))
})

eachServer(
  'rows that their engine cannot undo are not added twice: the addition is refused',
  async (kind) => {
    await using source = await startServer(kind, { sql: tables })
    const backup = await backupOf(source)
    await using target = await startServer(kind, { sql: tables })
    const run = { backup, target, onExisting: 'append' } as const
    // Its first rows are announced, and nobody knows what came of them.
    await cutAt(run, /^INSERT INTO `l`\.`p`/)
    await assert.rejects(load(run), (error) => {
      assert.ok(isHoldfastError(error, 'TARGET_NOT_EMPTY'), String(error))
      assert.match(error.message, /killed while it added rows to l\.p, whose engine cannot undo them/)
      assert.match(error.hint, /DROP DATABASE holdfast_restore_/)
      return true
    })
    // Behind them their number is known.
    const name = (await target.sql("SHOW DATABASES LIKE 'holdfast%'")).trim()
    await target.sql(`DROP DATABASE ${name}; DROP DATABASE l; ${tables}`)
    await cutAt(run, /LOAD DATA.*`z`/)
    const { rows, rowsBefore } = await load(run)
    assert.deepEqual([rows + rowsBefore, rowsBefore > 0], [6, true])
    assert.equal(await target.sql(sums), '6\t8\n4\t6\n2\n')
  },
)

eachServer('a load waits for the sessions of the one before, and names those that stay', async (kind) => {
  await using target = await startServer(kind)
  const content = { schemas: [] }
  const identity = loadIdentity({ backupId: 'b', content, onExisting: 'fail', skipBinlog: true })
  const phases: string[] = []
  const options = {
    settings: target.settings(),
    identity,
    skipBinlog: true,
    emit: ((event) => {
      if (event.type === 'phase') phases.push(event.phase)
    }) satisfies EmitEvent,
    signal: undefined,
  }
  const session = await Connection.open(target.settings())
  {
    await using first = await LoadLedger.open(options)
    await first.join(session)
    await assert.rejects(LoadLedger.open({ ...options, patienceMs: 150 }), (error) => {
      assert.ok(isHoldfastError(error, 'SERVER_TIMEOUT'), String(error))
      assert.match(error.message, /still has 2 sessions on the target/)
      assert.match(error.hint, new RegExp(`KILL ${session.threadId};`))
      return true
    })
  }
  // The client is gone; the server sees that when the statement is done.
  const sleeping = session.query('SELECT SLEEP(1)').catch(() => undefined)
  await sleep(50)
  session.destroy()
  await sleeping
  const startedMs = performance.now()
  await using second = await LoadLedger.open(options)
  assert.ok(performance.now() - startedMs > 300, 'it waited')
  assert.equal(second.begun, undefined)
  assert.deepEqual(
    phases,
    Array.from({ length: 2 }, () => 'waiting for an earlier run to end'),
  )
  assert.equal(await target.sql("SHOW DATABASES LIKE 'holdfast%'"), '')
})

eachServer('who may not have a schema more is told, and loads what was chosen', async (kind) => {
  await using source = await startServer(kind, { sql: tables })
  const backup = await backupOf(source)
  const user = { user: 'little', password: 'l' }
  await using target = await startServer(kind, { users: [{ ...user, grants: ['ALL ON l.*'] }] })
  const told: string[] = []
  const emit: EmitEvent = (event) => {
    if (event.type === 'notice') told.push(`${event.level}: ${event.message}`)
  }
  assert.deepEqual(rowsOf(await load({ backup, target, user, emit })), [6, 0])
  assert.match(
    told.join('\n'),
    /^info: the account may not keep a schema holdfast_restore_\w+ .* must be begun anew$/,
  )
})

eachServer(
  'a failed addition tells all rows that stay, and a table without its keys is told',
  async (kind) => {
    await using source = await startServer(kind, {
      sql: `CREATE DATABASE l; CREATE TABLE l.t (v INT, w CHAR(200), UNIQUE KEY k (v));
    INSERT INTO l.t WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, REPEAT('x', 200) FROM n`,
    })
    const backup = await backupOf(source)
    await using target = await startServer(kind, {
      args: ['--max-binlog-cache-size=65536'],
      sql: 'CREATE DATABASE l; CREATE TABLE l.t (v INT, w CHAR(200)); INSERT INTO l.t VALUES (0, NULL)',
    })
    const run = { backup, target, onExisting: 'append' } as const
    const { warnings } = await load(run)
    assert.match(warnings.join('\n'), /^l\.t lacks keys that it has in the backup \(k\)/)
    await target.sql(
      'SET sql_log_bin = 0; DELETE FROM l.t WHERE v <> 850; ALTER TABLE l.t ADD UNIQUE KEY k (v)',
    )
    const told: string[] = []
    const emit: EmitEvent = (event) => {
      if (event.type === 'notice') told.push(event.message)
    }
    await assert.rejects(load({ ...run, emit }), (error) => isHoldfastError(error, 'LOAD_MISMATCH'))
    const there = Number(await target.sql('SELECT COUNT(*) - 1 FROM l.t'))
    assert.ok(there > 0, 'pieces were committed before')
    assert.match(told.join('\n'), new RegExp(`^l\\.t has ${there} of 900 rows of the backup now`))
  },
)

/** The same with definitions as `edit` makes them. */
function edited(backup: BackupSource, edit: (ddl: string) => string): BackupSource {
  const content = parseLogicalContent(backup.content)
  const tablesOf = (of: (typeof content.schemas)[number]) =>
    of.tables.map((table) => ({ ...table, ddl: edit(table.ddl) }))
  return {
    ...backup,
    content: { ...content, schemas: content.schemas.map((of) => ({ ...of, tables: tablesOf(of) })) },
  }
}

const mend: MendTable = ({ schema, name, ddl }) => ({
  ddl: ddl.replace('ENGINE=NoSuch', name === 'p' ? 'ENGINE=MyISAM' : 'ENGINE=InnoDB'),
  changes: [{ object: `table ${schema}.${name}`, what: "it's another \\ engine", severity: 'changed' }],
})

eachServer(
  'what a killed run made otherwise is told by the one that goes on, and mended again',
  async (kind) => {
    await using source = await startServer(kind, { sql: tables })
    // p is made anew by the run that goes on, and t is not.
    const backup = edited(await backupOf(source), (ddl) =>
      ddl.replace(/(TABLE `t`.*)ENGINE=InnoDB|(TABLE `p`.*)ENGINE=MyISAM/s, '$1$2ENGINE=NoSuch'),
    )
    await using target = await startServer(kind)
    const run = { backup, target, mend }
    await cutAt(run, /LOAD DATA.*`z`/)
    const { changes } = await load(run)
    assert.deepEqual(
      changes.map(entryText).toSorted(),
      ['p', 't'].map((name) => `table l.${name}: it's another \\ engine`),
    )
    assert.equal(await target.sql(sums), await source.sql(sums))
  },
)

for (const kind of testedKinds.filter((one) => one.startsWith('mysql'))) {
  test(`a check that a killed run no longer enforces is told by the one that goes on (${kind})`, async () => {
    await using source = await startServer(kind, {
      sql: `${tables}; CREATE TABLE l.checked (v INT, CONSTRAINT pos CHECK (v > 0) NOT ENFORCED);
        INSERT INTO l.checked VALUES (-1), (2), (3), (4), (5), (6)`,
    })
    const backup = edited(await backupOf(source), (ddl) => ddl.replace(' /*!80016 NOT ENFORCED */', ''))
    await using target = await startServer(kind)
    const run = { backup, target, relax: relaxChecks }
    await cutAt(run, /LOAD DATA.*`z`/)
    assert.match(await target.sql('SHOW CREATE TABLE l.checked'), /NOT ENFORCED/)
    const { changes } = await load(run)
    assert.deepEqual(changes.map(entryText), [
      'table l.checked: check pos is not enforced: rows of the backup break it',
    ])
  })
}

const withEvent = (schema: string) =>
  `CREATE DATABASE ${schema}; CREATE TABLE ${schema}.t (v INT); INSERT INTO ${schema}.t VALUES (1);
   CREATE EVENT ${schema}.e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM ${schema}.t`

eachServer('a hint to begin anew tells what a killed run left changed', async (kind) => {
  await using source = await startServer(kind, { sql: withEvent('l') })
  const backup = await backupOf(source)
  await using target = await startServer(kind, { sql: 'SET GLOBAL event_scheduler = ON' })
  const run = { backup, target }
  await cutAt(run, /LOAD DATA.*`t`/)
  assert.equal(await target.sql('SELECT @@global.event_scheduler'), 'OFF\n')
  await target.sql('INSERT INTO l.t VALUES (7)')
  const error = await load(run).catch((refusal: unknown) => refusal)
  assert.ok(isHoldfastError(error, 'TARGET_NOT_EMPTY'), String(error))
  const [, statements = ''] = /then run there: (.*;)$/.exec(error.hint) ?? []
  await target.sql(`DROP DATABASE l; ${statements}`)
  assert.equal(await target.sql('SELECT @@global.event_scheduler'), 'ON\n')
  assert.deepEqual(rowsOf(await load(run)), [1, 0])
})

eachServer('a restore puts back what another one left changed that was killed', async (kind) => {
  await using source = await startServer(kind, { sql: withEvent('l') })
  await using other = await startServer(kind, { sql: withEvent('m') })
  await using target = await startServer(kind, { sql: 'SET GLOBAL event_scheduler = ON' })
  await cutAt({ backup: await backupOf(source), target }, /LOAD DATA.*`t`/)
  assert.equal(await target.sql('SELECT @@global.event_scheduler'), 'OFF\n')
  await load({ backup: await backupOf(other), target })
  assert.equal(await target.sql('SELECT @@global.event_scheduler'), 'ON\n')
})

eachServer('a connection that is lost while a function is made leaves its global as it was', async (kind) => {
  await using source = await startServer(kind, {
    args: ['--log-bin-trust-function-creators=1'],
    sql: 'CREATE DATABASE l; CREATE FUNCTION l.f() RETURNS INT RETURN 1',
  })
  const backup = await backupOf(source)
  await using target = await startServer(kind)
  let isTrusted = false
  await using proxy = await StatementProxy.open(target.port, (passing) => {
    if (passing.kind !== 'command') return false
    if (/FUNCTION `f`/.test(passing.text) && isTrusted) return 'of this connection'
    isTrusted ||= passing.text === 'SET GLOBAL log_bin_trust_function_creators=1'
    return false
  })
  const settings = { ...target.settings(), port: proxy.port }
  await assert.rejects(loadLogical({ settings, backup }), (error) =>
    isHoldfastError(error, 'CONNECTION_LOST'),
  )
  assert.ok(isTrusted)
  assert.equal(await target.sql('SELECT @@global.log_bin_trust_function_creators'), '0\n')
})
