// A dump under fire: what it holds is exactly what the binary log says up to the recorded point.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { BackupResult } from '../../src/core/backup.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { GtidSet } from '../../src/core/gtid-set.ts'
import { snapshotPlace } from '../../src/instance/mariadb/snapshot.ts'
import { parseLogicalContent } from '../../src/logical/content.ts'
import { type DumpOptions, dumpLogical } from '../../src/logical/dump-logical.ts'
import { readersHere } from '../../src/logical/table-reader.ts'
import { explainLocks, type LockChoice } from '../../src/operations/explain-locks.ts'
import { Connection } from '../../src/wire/connection.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer, testedKinds } from '../support/servers.ts'

const run = promisify(execFile)

const tables = `
  CREATE DATABASE w;
  CREATE TABLE w.a (k INT PRIMARY KEY, pad CHAR(200) NOT NULL DEFAULT 'a');
  CREATE TABLE w.b (k INT PRIMARY KEY, pad CHAR(200) NOT NULL DEFAULT 'b');
  CREATE TABLE w.c (k INT PRIMARY KEY, pad CHAR(200) NOT NULL DEFAULT 'c');
  CREATE TABLE w.m (k INT PRIMARY KEY) ENGINE = MyISAM`

/** Writers that commit as fast as they can until disposed. Each transaction writes one number to a, b and c; another writes to m. */
async function startWriters(server: TestServer, count: number) {
  const stop = new AbortController()
  const writers = Array.from({ length: count }, async (_, writer) => {
    await using connection = await Connection.open(server.settings())
    for (let n = 0; !stop.signal.aborted; n++) {
      const k = n * count + writer
      await connection.queryMulti(
        `START TRANSACTION; INSERT INTO w.a (k) VALUES (${k}); INSERT INTO w.b (k) VALUES (${k}); INSERT INTO w.c (k) VALUES (${k}); COMMIT`,
      )
    }
  })
  const plain = (async () => {
    await using connection = await Connection.open(server.settings())
    for (let k = 0; !stop.signal.aborted; k++) await connection.run(`INSERT INTO w.m (k) VALUES (${k})`)
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all([...writers, plain])
    },
  }
}

function keys(memory: MemoryBackup, result: BackupResult, table: string): number[] {
  const lines = memory.text(result, `w/${table}`).split('\n').slice(0, -1)
  return lines.map((line) => Number(line.split('\t')[0])).toSorted((x, y) => x - y)
}

interface Logged {
  readonly keys: ReadonlyMap<string, readonly number[]>
  readonly gtids: readonly string[]
}

/** What the binary log holds before the point, told by the server's own program. */
async function loggedBefore(server: TestServer, result: BackupResult): Promise<Logged> {
  const { position } = result.point
  assert.ok(position, 'a position was recorded')
  const [program, ...args] = server.programs.binlogTool
  const file = path.join(server.dataDir, position.file)
  const { stdout } = await run(program, [...args, '--verbose', `--stop-position=${position.offset}`, file], {
    maxBuffer: 1024 * 1024 * 1024,
  })
  const found = new Map<string, number[]>()
  for (const [, table = '', k] of stdout.matchAll(
    /^### INSERT INTO `w`\.`(\w)`\n### SET\n### {3}@1=(\d+)/gm,
  )) {
    found.set(table, [...(found.get(table) ?? []), Number(k)])
  }
  const gtids = [...stdout.matchAll(/GTID_NEXT= ?'([0-9a-f-]+:\d+)'|\bGTID (\d+-\d+-\d+)/g)].map(
    ([, mysql, mariadb]) => mysql ?? mariadb ?? '',
  )
  return { keys: new Map([...found].map(([table, list]) => [table, list.toSorted((x, y) => x - y)])), gtids }
}

function checkGtids(result: BackupResult, gtids: readonly string[]): void {
  const text = result.point.gtid?.text ?? ''
  if (result.origin.flavour === 'mariadb') assert.equal(text, gtids.at(-1))
  else assert.ok(GtidSet.parse(text).equals(GtidSet.parse(gtids.join(','))), `${text} is not what was logged`)
}

async function dumpUnderFire(
  server: TestServer,
  user?: { user: string; password: string },
  options: Partial<DumpOptions> = {},
) {
  const memory = new MemoryBackup()
  await using writers = await startWriters(server, 4)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const result = await dumpLogical({
    settings: server.settings(user),
    sink: memory,
    threads: 3,
    selection: { kind: 'schemas', schemas: ['w'] },
    ...options,
  })
  await writers[Symbol.asyncDispose]()
  return { memory, result }
}

function snapshotOf(result: BackupResult) {
  const { snapshot } = parseLogicalContent(result.content)
  assert.ok(snapshot)
  return snapshot
}

eachServer('a backup while clients commit is exactly the log up to its point', async (kind) => {
  await using server = await startServer(kind, { sql: tables })
  const { memory, result } = await dumpUnderFire(server)
  const logged = await loggedBefore(server, result)
  assert.ok((logged.keys.get('a')?.length ?? 0) > 10, 'writers were at work')
  for (const table of ['a', 'b', 'c', 'm']) {
    assert.deepEqual(keys(memory, result, table), logged.keys.get(table), `table ${table}`)
  }
  checkGtids(result, logged.gtids)
  const { rung, definitions } = snapshotOf(result)
  assert.equal(rung, server.flavour === 'mysql' ? 'flush-tables-with-read-lock' : 'binlog-snapshot')
  assert.equal(definitions, 'locked')
})

eachServer('an account without RELOAD gets a backup that is as exact', async (kind) => {
  const isMysql = kind.startsWith('mysql')
  const login = { user: 'reader', password: 'r' }
  await using server = await startServer(kind, {
    sql: tables,
    users: [
      {
        ...login,
        grants: [
          `SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT, ${isMysql ? 'REPLICATION CLIENT' : 'BINLOG MONITOR'} ON *.*`,
        ],
      },
    ],
  })
  const { memory, result } = await dumpUnderFire(server, login)
  const logged = await loggedBefore(server, result)
  for (const table of ['a', 'b', 'c', 'm']) {
    assert.deepEqual(keys(memory, result, table), logged.keys.get(table), `table ${table}`)
  }
  checkGtids(result, logged.gtids)
  const { rung, definitions } = snapshotOf(result)
  assert.equal(rung, isMysql ? 'lock-tables' : 'binlog-snapshot')
  assert.equal(definitions, 'compared')
})

const mariadbKinds = testedKinds.filter((kind) => kind.startsWith('mariadb'))

for (const kind of mariadbKinds) {
  test(`a session's place in the log is its own, though the server mixes up those of several (${kind})`, async () => {
    await using server = await startServer(kind, { sql: tables })
    await using writer = await Connection.open(server.settings())
    const sessions: { readonly session: Connection; readonly place: unknown }[] = []
    for (let k = 0; k < 4; k++) {
      const session = await Connection.open(server.settings())
      await session.run('START TRANSACTION WITH CONSISTENT SNAPSHOT')
      // Nobody else asks yet, so this answer is right.
      sessions.push({ session, place: await snapshotPlace(session, {}) })
      await writer.run(`INSERT INTO w.a (k) VALUES (${k})`)
    }
    assert.equal(new Set(sessions.map(({ place }) => JSON.stringify(place))).size, 4)
    await Promise.all(
      sessions.map(async ({ session, place }) => {
        for (let n = 0; n < 200; n++) assert.deepEqual(await snapshotPlace(session, {}), place)
      }),
    )
    await Promise.all(sessions.map(({ session }) => session.close()))
  })
}

for (const kind of mariadbKinds) {
  test(`without a binary log the tables are still of one moment (${kind})`, async () => {
    await using server = await startServer(kind, { sql: tables, log_bin: false })
    const { memory, result } = await dumpUnderFire(server)
    assert.equal(snapshotOf(result).rung, 'flush-tables-with-read-lock')
    assert.equal(result.point.position, undefined)
    const a = keys(memory, result, 'a')
    assert.ok(a.length > 10, 'writers were at work')
    assert.deepEqual(keys(memory, result, 'b'), a)
    assert.deepEqual(keys(memory, result, 'c'), a)
  })
}

async function rungOf(server: TestServer, threads: number) {
  const settings = server.settings()
  return snapshotOf(await dumpLogical({ settings, sink: new MemoryBackup(), threads })).rung
}

for (const kind of mariadbKinds) {
  test(`several sessions do without a lock only where every commit is in the binary log (${kind})`, async () => {
    await using filtered = await startServer(kind, { sql: tables, args: ['--binlog-ignore-db=w'] })
    assert.equal(await rungOf(filtered, 2), 'flush-tables-with-read-lock')
    assert.equal(await rungOf(filtered, 1), 'binlog-snapshot')
    await using replica = await startServer(kind, { sql: tables, args: ['--skip-log-slave-updates'] })
    assert.equal(await rungOf(replica, 2), 'binlog-snapshot')
    // From a source that never answers; what counts is that the replica applies events.
    await replica.sql("CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1; START SLAVE")
    assert.equal(await rungOf(replica, 2), 'flush-tables-with-read-lock')
  })
}

eachServer('a lock that does not come ends in LOCK_WAIT that names who holds it', async (kind) => {
  await using server = await startServer(kind, { sql: tables, log_bin: false })
  await using blocker = await Connection.open(server.settings())
  await blocker.run('LOCK TABLES w.a WRITE')
  const started = performance.now()
  const holder = kind.startsWith('mysql')
    ? new RegExp(`thread ${blocker.threadId} of root@\\S+ for \\d+ s: idle, and holds a lock`)
    : /perhaps a session that is idle within LOCK TABLES/
  const told: string[] = []
  await assert.rejects(
    dumpLogical({
      settings: server.settings(),
      sink: new MemoryBackup(),
      lockBounds: { waitSeconds: 1, attempts: 2, pauseMs: 100 },
      emit: (event) => void (event.type === 'notice' && told.push(event.message)),
    }),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'LOCK_WAIT')
      assert.match(error.message, /FLUSH TABLES WITH READ LOCK did not get its lock in 2 attempts of 1 s/)
      assert.match(error.message, holder)
      return true
    },
  )
  assert.match(told.join('\n'), /in 1 s \(attempt 1 of 2\)/)
  assert.match(told.join('\n'), holder)
  assert.ok(performance.now() - started < 30_000)
  // Nothing of ours is left that holds anybody up.
  await blocker.run('UNLOCK TABLES')
  await blocker.run('INSERT INTO w.a (k) VALUES (1)', { timeoutMs: 5000 })
})

eachServer(
  'while a lock is waited for, the statement in its way is shown, and the backup goes on behind it',
  async (kind) => {
    await using server = await startServer(kind, {
      sql: `${tables}; INSERT INTO w.a (k) VALUES (1)`,
      log_bin: false,
    })
    await using slow = await Connection.open(server.settings())
    const statement = "UPDATE w.a SET pad = CONCAT('slow', SLEEP(4))"
    const update = slow.run(statement)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const told: string[] = []
    const memory = new MemoryBackup()
    const result = await dumpLogical({
      settings: server.settings(),
      sink: memory,
      lockBounds: { waitSeconds: 1, attempts: 20, pauseMs: 100 },
      emit: (event) => void (event.type === 'notice' && told.push(event.message)),
    })
    await update
    const line = `thread ${slow.threadId} of root@`
    assert.ok(
      told.some((text) => text.includes(line) && text.includes(statement)),
      told.join('\n'),
    )
    assert.match(memory.text(result, 'w/a'), /^1\tslow0/)
  },
)

for (const kind of testedKinds.filter((name) => name.startsWith('mysql'))) {
  for (const locks of ['auto', 'all-tables'] as const) {
    test(`DDL that waits for a backup goes first, and its table is in the backup (${locks}, ${kind})`, async () => {
      await using server = await startServer(kind, { sql: tables })
      const holder = await Connection.open(server.settings())
      await holder.run('LOCK INSTANCE FOR BACKUP')
      // It has the lock on all tables wait for it, while it waits for that on definitions: of the holder first, and then of the backup.
      const ddl = server.sql('CREATE TABLE w.late SELECT 1 AS id')
      const waiting =
        "SELECT COUNT(*) FROM performance_schema.processlist WHERE state = 'Waiting for backup lock'"
      while ((await server.sql(waiting)) !== '1\n') await sleep(20)
      const memory = new MemoryBackup()
      let isInTheWay = false
      const result = await dumpLogical({
        settings: server.settings(),
        sink: memory,
        locks,
        lockBounds: { waitSeconds: 1, attempts: 3, pauseMs: 200 },
        emit: (event) => {
          if (event.type !== 'notice' || !/READ LOCK did not get its lock/.test(event.message)) return
          isInTheWay = true
          holder.destroy()
        },
      })
      await ddl
      assert.ok(isInTheWay)
      assert.equal(memory.text(result, 'w/late'), '1\n')
      assert.equal(parseLogicalContent(result.content).snapshot?.definitions, 'locked')
    })
  }
}

for (const kind of testedKinds.filter((name) => name.startsWith('mysql'))) {
  test(`a table that is made too late to be locked with the others ends the backup, and is named (${kind})`, async () => {
    const login = { user: 'reader', password: 'r' }
    const own = 'SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT, PROCESS, REPLICATION CLIENT, BACKUP_ADMIN'
    await using server = await startServer(kind, {
      sql: tables,
      users: [{ ...login, grants: [`${own} ON *.*`] }],
    })
    // What keeps LOCK TABLES waiting until the lock on definitions is let go.
    const writer = await Connection.open(server.settings())
    await writer.run('BEGIN')
    await writer.run('INSERT INTO w.a (k) VALUES (1)')
    const memory = new MemoryBackup()
    const settings = server.settings(login)
    const open = readersHere(settings, memory)
    let ddl: Promise<string> | undefined
    const dump = dumpLogical({
      settings,
      sink: memory,
      threads: 2,
      selection: { kind: 'schemas', schemas: ['w'] },
      worth: { threadBytes: 0, rangeBytes: 1 << 20 },
      lockBounds: { waitSeconds: 1, attempts: 3, pauseMs: 200 },
      // Definitions are read and locked by now, and tables are not.
      openReader: async (signal) => {
        ddl ??= server.sql('CREATE TABLE w.late SELECT 1 AS id')
        const waiting =
          "SELECT COUNT(*) FROM performance_schema.processlist WHERE state = 'Waiting for backup lock'"
        while ((await server.sql(waiting)) !== '1\n') await sleep(20)
        return open(signal)
      },
      emit: (event) => {
        if (event.type === 'notice' && /did not get its lock/.test(event.message)) writer.destroy()
      },
    })
    await assert.rejects(dump, (error: unknown) => {
      assert.ok(isHoldfastError(error, 'TABLE_CHANGED'), String(error))
      assert.match(error.message, /^changed while the backup began: w\.late$/)
      return true
    })
    assert.ok(ddl !== undefined)
    await ddl
  })
}

eachServer('two backups at once both succeed and are both exact', async (kind) => {
  await using server = await startServer(kind, { sql: tables })
  const one = new MemoryBackup()
  const other = new MemoryBackup()
  const writers = await startWriters(server, 2)
  const selection = { kind: 'schemas', schemas: ['w'] } as const
  const dumps = await Promise.all(
    [one, other].map((sink) => dumpLogical({ settings: server.settings(), sink, selection })),
  )
  await writers[Symbol.asyncDispose]()
  for (const [at, result] of dumps.entries()) {
    const memory = at === 0 ? one : other
    const logged = await loggedBefore(server, result)
    for (const table of ['a', 'b', 'c', 'm']) {
      assert.deepEqual(
        keys(memory, result, table),
        logged.keys.get(table) ?? [],
        `table ${table} of dump ${at}`,
      )
    }
  }
})

eachServer('under a lock on all tables those without transactions are of the same moment', async (kind) => {
  await using server = await startServer(kind, { sql: tables })
  const { memory, result } = await dumpUnderFire(server, undefined, { locks: 'all-tables' })
  assert.equal(snapshotOf(result).rung, 'global-read-lock')
  const logged = await loggedBefore(server, result)
  for (const table of ['a', 'b', 'c', 'm']) {
    assert.deepEqual(keys(memory, result, table), logged.keys.get(table), `table ${table}`)
  }
  checkGtids(result, logged.gtids)
  // Nobody is held up any more.
  await server.sql('INSERT INTO w.a (k) VALUES (-1)')
})

/** Commits to a, b and c with a rest between, until disposed. */
async function startCalmWriter(server: TestServer) {
  const stop = new AbortController()
  const writing = (async () => {
    await using connection = await Connection.open(server.settings())
    for (let k = 0; !stop.signal.aborted; k++) {
      await connection.queryMulti(
        `START TRANSACTION; INSERT INTO w.a (k) VALUES (${k}); INSERT INTO w.b (k) VALUES (${k}); INSERT INTO w.c (k) VALUES (${k}); COMMIT; DO SLEEP(0.02)`,
      )
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await writing
    },
  }
}

eachServer(
  'without any lock a backup is exact where the server lets it be proven, and says so',
  async (kind) => {
    await using server = await startServer(kind, { sql: tables })
    for (let round = 0; round < 5; round++) {
      const memory = new MemoryBackup()
      const writer = await startCalmWriter(server)
      await new Promise((resolve) => setTimeout(resolve, 100))
      const result = await dumpLogical({
        settings: server.settings(),
        sink: memory,
        threads: 3,
        locks: 'none',
        selection: { kind: 'schemas', schemas: ['w'] },
      })
      await writer[Symbol.asyncDispose]()
      const { rung, heldMs, definitions } = snapshotOf(result)
      assert.deepEqual(
        { rung, heldMs, definitions },
        {
          rung: kind.startsWith('mysql') ? 'gtid-bracket' : 'binlog-snapshot',
          heldMs: 0,
          definitions: 'compared',
        },
      )
      assert.match(result.warnings.join(), /w\.m knows no transactions and was read without a lock/)
      const logged = await loggedBefore(server, result)
      for (const table of ['a', 'b', 'c']) {
        assert.deepEqual(keys(memory, result, table), logged.keys.get(table) ?? [], `table ${table}`)
      }
      // Later rounds have files before the one that is read.
      if (round === 0) checkGtids(result, logged.gtids)
      await server.sql('TRUNCATE w.a; TRUNCATE w.b; TRUNCATE w.c; FLUSH BINARY LOGS')
    }
  },
)

eachServer(
  'without any lock and without a binary log only a single session is of one moment',
  async (kind) => {
    await using server = await startServer(kind, { sql: tables, log_bin: false })
    const options = { settings: server.settings(), sink: new MemoryBackup(), locks: 'none' } as const
    await assert.rejects(
      dumpLogical({ ...options, threads: 2 }),
      (error) => isHoldfastError(error, 'SNAPSHOT_UNPROVEN') && /--threads 1/.test(error.hint),
    )
    const result = await dumpLogical({ ...options, threads: 1 })
    assert.deepEqual([snapshotOf(result).rung, result.point.position], ['single-session', undefined])
  },
)

for (const kind of testedKinds.filter((tested) => tested.startsWith('mysql'))) {
  test(`an account that may take no lock is served by the bracket of GTIDs (${kind})`, async () => {
    const user = { user: 'nolock', password: 'n' }
    const grants = ['SELECT, SHOW VIEW, TRIGGER, EVENT, REPLICATION CLIENT ON *.*']
    await using server = await startServer(kind, {
      sql: `${tables}; DROP TABLE w.m`,
      users: [{ ...user, grants }],
    })
    const memory = new MemoryBackup()
    const writer = await startCalmWriter(server)
    const selection = { kind: 'schemas', schemas: ['w'] } as const
    const result = await dumpLogical({ settings: server.settings(user), sink: memory, threads: 2, selection })
    await writer[Symbol.asyncDispose]()
    assert.equal(snapshotOf(result).rung, 'gtid-bracket')
    assert.deepEqual(keys(memory, result, 'b'), keys(memory, result, 'a'))
  })
}

for (const kind of testedKinds.filter((tested) => tested.startsWith('mysql'))) {
  test(`between commits that hardly ever rest the bracket is exact or not had (${kind})`, async () => {
    await using server = await startServer(kind, { sql: tables })
    for (let round = 0; round < 4; round++) {
      try {
        const { memory, result } = await dumpUnderFire(server, undefined, { locks: 'none' })
        const logged = await loggedBefore(server, result)
        for (const table of ['a', 'b', 'c']) {
          assert.deepEqual(keys(memory, result, table), logged.keys.get(table) ?? [], `table ${table}`)
        }
      } catch (error) {
        if (!isHoldfastError(error, 'SNAPSHOT_UNPROVEN')) throw error
      }
      await server.sql('TRUNCATE w.a; TRUNCATE w.b; TRUNCATE w.c; TRUNCATE w.m; FLUSH BINARY LOGS')
    }
  })
}

eachServer('the locks of a backup are told beforehand, and none of them is taken', async (kind) => {
  const [user, password] = ['plain', 'p']
  const status = kind.startsWith('mysql') ? 'REPLICATION CLIENT' : 'BINLOG MONITOR'
  await using server = await startServer(kind, {
    sql: tables,
    users: [{ user, password, grants: [`SELECT, LOCK TABLES, ${status} ON *.*`] }],
  })
  await using blocker = await Connection.open(server.settings())
  await blocker.run('LOCK TABLES w.a WRITE')
  const settings = server.settings({ user, password })
  const statements = async (locks: LockChoice) =>
    (await explainLocks({ settings, locks }, new AbortController().signal)).locks.map(
      ({ statement }) => statement,
    )
  const rows = kind.startsWith('mysql') ? 'LOCK TABLES … READ' : 'no lock on rows'
  assert.deepEqual(await statements('auto'), [
    'no lock on definitions',
    rows,
    'LOCK TABLES … READ of 1 table without transactions',
  ])
  assert.deepEqual(await statements('none'), [
    'no lock on definitions',
    'no lock on rows',
    'no lock on 1 table without transactions',
  ])
  assert.deepEqual(await statements('all-tables'), ['no lock on definitions', 'FLUSH TABLES WITH READ LOCK'])
})

eachServer('a limit on answers that an administrator has set cuts nothing off', async (kind) => {
  await using server = await startServer(kind, {
    sql: `${tables}; CREATE TABLE w.d (id INT PRIMARY KEY, a INT, b INT, c INT);
      INSERT INTO w.a (k) VALUES (1), (2), (3), (4), (5); INSERT INTO w.d VALUES (1, 2, 3, 4)`,
  })
  await server.sql('SET GLOBAL sql_select_limit = 2')
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: server.settings(), sink: memory })
  assert.deepEqual(keys(memory, result, 'a'), [1, 2, 3, 4, 5])
  assert.equal(memory.text(result, 'w/d'), '1\t2\t3\t4\n')
  const [schema] = parseLogicalContent(result.content).schemas
  assert.deepEqual(
    schema?.tables.map(({ name }) => name),
    ['a', 'b', 'c', 'd', 'm'],
  )
})

for (const kind of testedKinds.filter((tested) => tested.startsWith('mysql'))) {
  test(`GTIDs prove nothing of what a filter keeps out of the log (${kind})`, async () => {
    await using server = await startServer(kind, { sql: tables, args: ['--binlog-ignore-db=w'] })
    const options = { settings: server.settings(), sink: new MemoryBackup(), locks: 'none' } as const
    await assert.rejects(dumpLogical({ ...options, threads: 2 }), (error) =>
      isHoldfastError(error, 'SNAPSHOT_UNPROVEN'),
    )
    assert.equal(snapshotOf(await dumpLogical({ ...options, threads: 1 })).rung, 'gtid-bracket')
  })
}
