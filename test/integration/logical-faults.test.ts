// Dumps and loads that must fail: each with its code, nothing half done that looks whole.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BackupSink } from '../../src/core/backup.ts'
import type { ErrorCode } from '../../src/core/error-codes.table.ts'
import { HoldfastError } from '../../src/core/errors.ts'
import type { EmitEvent } from '../../src/core/events.ts'
import { parseLogicalContent } from '../../src/logical/content.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { loadLogical } from '../../src/logical/load-logical.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, type ServerKind, startServer } from '../support/servers.ts'

const digits =
  '(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)'

const tables = `
  CREATE DATABASE f; CREATE TABLE f.big (id INT PRIMARY KEY, t TEXT); CREATE TABLE f.small (id INT PRIMARY KEY, v VARCHAR(10));
  INSERT INTO f.small VALUES (1, 'one'), (2, 'two')`

/** 50,000 rows of 2 KB: about 25 chunks, and more than all buffers between the server and the sink can hold. */
const big = `${tables};
  INSERT INTO f.big SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * g.d, REPEAT(CHAR(65 + a.d), 2000)
    FROM ${digits} a, ${digits} b, ${digits} c, ${digits} e, (SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) g`

/** Where nothing has to happen while rows are read. */
const few = `${tables}; INSERT INTO f.big VALUES (1, 'A')`

/** Does something when the first chunk comes, while rows are still to be read. */
function sinkThat(act: () => Promise<unknown>): BackupSink {
  const memory = new MemoryBackup()
  let isFirst = true
  return {
    async putChunk(bytes) {
      if (isFirst) {
        isFirst = false
        await act()
      }
      return memory.putChunk(bytes)
    },
  }
}

function isError(...codes: ErrorCode[]) {
  return (error: unknown) => {
    assert.ok(error instanceof HoldfastError, String(error))
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`)
    return true
  }
}

const reader = (kind: ServerKind) => ({
  user: 'reader',
  password: 'r',
  grants: [
    `SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT, ${kind.startsWith('mysql') ? 'REPLICATION CLIENT' : 'BINLOG MONITOR'} ON *.*`,
  ],
})

eachServer('a server killed in a backup fails it with CONNECTION_LOST', async (kind) => {
  await using server = await startServer(kind, { sql: big })
  const sink = sinkThat(() => server.kill9())
  await assert.rejects(dumpLogical({ settings: server.settings(), sink }), isError('CONNECTION_LOST'))
})

eachServer(
  'a session killed within the snapshot fails the backup; nothing is read again outside of it',
  async (kind) => {
    await using server = await startServer(kind, { sql: big })
    const sink = sinkThat(async () => {
      const ids = await server.sql(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%`f`.`big`%FORCE INDEX%' AND ID <> CONNECTION_ID()",
      )
      assert.match(ids, /^\d+\n/, 'the reading session is found')
      await server.sql(`KILL ${ids.split('\n')[0]}`)
    })
    await assert.rejects(dumpLogical({ settings: server.settings(), sink }), isError('CONNECTION_LOST'))
  },
)

eachServer('DDL on a table that is still to be read fails the backup with TABLE_CHANGED', async (kind) => {
  const { user, password, grants } = reader(kind)
  await using server = await startServer(kind, { sql: big, users: [{ user, password, grants }] })
  const sink = sinkThat(() => server.sql('ALTER TABLE f.small ADD COLUMN added INT, FORCE'))
  await assert.rejects(
    dumpLogical({ settings: server.settings({ user, password }), sink, threads: 1 }),
    isError('TABLE_CHANGED'),
  )
})

eachServer('a table that another of the same DDL took the place of fails the backup', async (kind) => {
  const { user, password, grants } = reader(kind)
  // The server keeps the time of creation in whole seconds.
  const twin = `${big}; DO SLEEP(1.1); CREATE TABLE f.twin LIKE f.small; INSERT INTO f.twin VALUES (7, 'twin')`
  await using server = await startServer(kind, { sql: twin, users: [{ user, password, grants }] })
  const settings = server.settings({ user, password })
  await dumpLogical({ settings, sink: sinkThat(() => server.sql('UPDATE f.big SET t = id')), threads: 1 })
  const sink = sinkThat(() => server.sql('RENAME TABLE f.small TO f.old, f.twin TO f.small, f.old TO f.twin'))
  await assert.rejects(dumpLogical({ settings, sink, threads: 1 }), isError('TABLE_CHANGED'))
})

const exchangeable = `CREATE TABLE f.parted (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10), PARTITION \`h-é\` VALUES LESS THAN MAXVALUE);
  CREATE TABLE f.\`pla-ñ\` (id INT PRIMARY KEY); INSERT INTO f.parted VALUES (1), (20); INSERT INTO f.\`pla-ñ\` VALUES (30), (40)`

eachServer(
  'a partition that is exchanged before it is read fails the backup, or is warned of',
  async (kind) => {
    const { user, password, grants } = reader(kind)
    const seeing = { user: 'seeing', password: 's', grants: [...grants, 'PROCESS ON *.*'] }
    await using server = await startServer(kind, {
      // The largest is read first, by what the server thinks.
      sql: `${big}; ${exchangeable}; ANALYZE TABLE f.big`,
      users: [{ user, password, grants }, seeing],
    })
    const exchange = 'ALTER TABLE f.parted EXCHANGE PARTITION `h-é` WITH TABLE f.`pla-ñ`'
    const dump = (login: { user: string; password: string }, act: () => Promise<unknown>) =>
      dumpLogical({ settings: server.settings(login), sink: sinkThat(act), threads: 1 })
    const quiet = await dump(seeing, () => server.sql('INSERT INTO f.parted VALUES (2), (21)'))
    assert.doesNotMatch(quiet.warnings.join(), /exchanged/)
    await assert.rejects(
      dump(seeing, () => server.sql(exchange)),
      (error: Error) => {
        assert.match(error.message, /^changed while the backup was taken: table f\.parted, table f\.pla-ñ$/)
        return isError('TABLE_CHANGED')(error)
      },
    )
    // Only InnoDB's numbers tell, and not everybody may see them.
    const { warnings } = await dump({ user, password }, () => server.sql(exchange))
    assert.match(
      warnings.join('\n'),
      /exchanged for a table .* would not be seen: .* lacks PROCESS.* \(f\.parted\)/,
    )
  },
)

eachServer('DDL that waits for a table that was read ends no backup, and hides exchanges', async (kind) => {
  const { user, password, grants } = reader(kind)
  const seeing = { user, password, grants: [...grants, 'PROCESS ON *.*'] }
  await using server = await startServer(kind, {
    sql: `${big}; ${exchangeable}; ANALYZE TABLE f.big`,
    users: [seeing],
  })
  const settings = server.settings({ user, password })
  let waiting: Promise<unknown> = Promise.resolve()
  const startedMs = performance.now()
  const sink = sinkThat(async () => {
    waiting = server.sql('ALTER TABLE f.big ADD COLUMN added INT, FORCE')
    const isWaiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock%'"
    while ((await server.sql(isWaiting)) !== '1\n') await sleep(50)
  })
  const { warnings } = await dumpLogical({ settings, sink, threads: 1 })
  const seconds = (performance.now() - startedMs) / 1000
  await waiting
  assert.ok(seconds < 25, `${seconds} s`)
  const warned = warnings.filter((text) => text.includes('exchanged'))
  // MariaDB's numbers are read without opening tables.
  if (kind.startsWith('mysql'))
    assert.match(warned.join(), /not be seen: DDL of others waited for a table \(f\.parted\)$/)
  else assert.deepEqual(warned, [])
})

eachServer('a prepared transaction is told by its name, since a backup does not hold it', async (kind) => {
  const { user, password, grants } = reader(kind)
  await using server = await startServer(kind, {
    sql: 'CREATE DATABASE f; CREATE TABLE f.t (id INT PRIMARY KEY)',
    // With RELOAD, because LOCK TABLES would wait for the transaction.
    users: [{ user, password, grants: [...grants, 'RELOAD ON *.*'] }],
  })
  await server.sql(
    "XA START 'half', 'way'; INSERT INTO f.t VALUES (1); XA END 'half', 'way'; XA PREPARE 'half', 'way'",
  )
  const dump = (login?: { user: string; password: string }) =>
    dumpLogical({ settings: server.settings(login), sink: new MemoryBackup() })
  assert.match((await dump()).warnings.join(), /prepared transaction halfway is not part of the backup/)
  await dump({ user, password })
  await server.sql("XA ROLLBACK 'half', 'way'")
  assert.doesNotMatch((await dump()).warnings.join(), /prepared/)
})

eachServer('with the privilege for it DDL is held up until the backup is done', async (kind) => {
  await using server = await startServer(kind, { sql: big })
  const sink = sinkThat(async () => {
    await assert.rejects(
      server.sql('SET lock_wait_timeout = 1; ALTER TABLE f.small ADD COLUMN added INT'),
      /1205/,
    )
  })
  await dumpLogical({ settings: server.settings(), sink, threads: 1 })
  await server.sql('ALTER TABLE f.small ADD COLUMN added INT')
})

eachServer(
  'an account that may read one table backs that up and is told what it may not see',
  async (kind) => {
    await using server = await startServer(kind, {
      sql: few,
      users: [{ user: 'little', password: 'l', grants: ['SELECT, LOCK TABLES ON f.*'] }],
    })
    const settings = server.settings({ user: 'little', password: 'l' })
    const table = { schema: 'f', name: 'small' }
    const memory = new MemoryBackup()
    const result = await dumpLogical({
      settings,
      sink: memory,
      selection: { kind: 'tables', tables: [table] },
    })
    assert.equal(memory.text(result, 'f/small'), '1\tone\n2\ttwo\n')
    const all = await dumpLogical({ settings, sink: memory })
    const told = all.warnings.join('\n')
    assert.match(told, /accounts and grants are not part of the backup/)
    assert.match(told, /triggers of f .*TRIGGER/)
    assert.match(told, /events of f .*EVENT/)
  },
)

eachServer('routines that an account is not shown are told of, and no others', async (kind) => {
  await using server = await startServer(kind, {
    sql: `${few}; CREATE USER definer; CREATE DEFINER = definer PROCEDURE f.mine() SELECT 1; CREATE FUNCTION f.yours() RETURNS INT DETERMINISTIC RETURN 1`,
  })
  const lookingAt = server.flavour === 'mysql' ? 'SHOW_ROUTINE ON *.*' : 'SELECT ON mysql.proc'
  const told = async (user: string, grants: readonly string[]) => {
    const on = ['SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON f.*', ...grants]
    await server.sql(
      `CREATE USER IF NOT EXISTS ${user}; ${on.map((grant) => `GRANT ${grant} TO ${user};`).join(' ')}`,
    )
    const { content, warnings } = await dumpLogical({
      settings: server.settings({ user }),
      sink: new MemoryBackup(),
      selection: { kind: 'schemas', schemas: ['f'] },
    })
    const routines = parseLogicalContent(content).schemas.flatMap((schema) => schema.routines)
    return { routines: routines.map(({ name }) => name).join(), told: warnings.join('\n') }
  }
  const none = await told('shown_none', [])
  assert.equal(none.routines, '')
  assert.match(none.told, /^routines of f are not part of the backup, if there are any: the account lacks S/m)
  const one = await told('definer', [])
  assert.equal(one.routines, 'mine')
  assert.match(one.told, /^other routines of f are not part of the backup, if there are any: /m)
  const all = await told('shown_all', [lookingAt])
  assert.equal(all.routines, 'mine,yours')
  assert.doesNotMatch(all.told, /routines/)
})

const leftBehind = {
  mysql: {
    sql: `INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; CREATE UNDO TABLESPACE more_undo ADD DATAFILE 'more_undo.ibu';
      CREATE TABLE sys.own (id INT); SET PERSIST max_connections = 77; SET PERSIST thread_cache_size = 77; SET PERSIST_ONLY back_log = 77;
      CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'elsewhere', SOURCE_PORT = 3307 FOR CHANNEL 'far';
      CREATE USER two IDENTIFIED BY 'a' PASSWORD HISTORY 5; ALTER USER two IDENTIFIED BY 'b' RETAIN CURRENT PASSWORD`,
    told: ['password history of two@%', 'second password of two@%', 'table in schema sys own'],
    setup: [
      'plugin rpl_semi_sync_source',
      'persisted variable back_log',
      'persisted variable max_connections',
      'persisted variable thread_cache_size',
      'replication channel far from elsewhere:3307',
      'tablespace more_undo',
    ],
  },
  mariadb: {
    sql: `ANALYZE TABLE f.small PERSISTENT FOR ALL; CHANGE MASTER 'far' TO MASTER_HOST = 'elsewhere'; INSTALL SONAME 'auth_ed25519'`,
    told: [],
    setup: ['plugin ed25519', 'replication channel far', 'result of ANALYZE TABLE … PERSISTENT of 1 table'],
  },
} as const

eachServer('what of the server itself a backup does not hold is told by name', async (kind) => {
  await using server = await startServer(kind, { sql: few })
  const told = async (login?: { user: string; password: string }) => {
    const infos: string[] = []
    const emit: EmitEvent = (event) => {
      if (event.type === 'notice') infos.push(`${event.level}: ${event.message}`)
    }
    const result = await dumpLogical({ settings: server.settings(login), sink: new MemoryBackup(), emit })
    const { setup } = parseLogicalContent(result.content)
    const sentence = 'info: what the server is set up with is not part of the backup: '
    const more = (setup?.length ?? 0) > 5 ? ' … and 1 more (holdfast show ID)' : ''
    assert.deepEqual(infos, setup === undefined ? [] : [`${sentence}${setup.slice(0, 5).join(', ')}${more}`])
    return { warnings: result.warnings, setup }
  }
  assert.deepEqual(await told(), { warnings: [], setup: undefined })
  const own = leftBehind[server.flavour]
  await server.sql(`CREATE PROCEDURE mysql.mine() SELECT 1; CREATE VIEW sys.mine AS SELECT 1;
    CREATE EVENT mysql.mine ON SCHEDULE EVERY 1 DAY DO SELECT 1; INSERT INTO sys.sys_config (variable, value) VALUES ('mine', '1')`)
  await server.sql(own.sql)
  const common = ['event mysql.mine', 'routine mysql.mine', 'setting in sys.sys_config mine', 'view sys.mine']
  const { warnings, setup } = await told()
  assert.deepEqual(
    warnings.toSorted(),
    [...common, ...own.told].map((what) => `${what} is not part of the backup`).toSorted(),
  )
  assert.deepEqual(setup, own.setup)
  // Who may not look is told so, and gets a backup.
  await server.sql("CREATE USER low IDENTIFIED BY 'l'; GRANT SELECT, LOCK TABLES ON f.* TO low")
  const low = await told({ user: 'low', password: 'l' })
  assert.match(low.warnings.join('\n'), /whether there is a foreign server, /)
})

eachServer('a target that has something of it already is left alone', async (kind) => {
  await using source = await startServer(kind, { sql: few })
  await using target = await startServer(kind, { sql: 'CREATE DATABASE f; CREATE TABLE f.other (id INT)' })
  const memory = new MemoryBackup()
  const backup = memory.source(await dumpLogical({ settings: source.settings(), sink: memory }))
  await assert.rejects(loadLogical({ settings: target.settings(), backup }), (error: Error) => {
    isError('TARGET_NOT_EMPTY')(error)
    return /table f\.other/.test(error.message)
  })
  assert.equal(await target.sql('SHOW TABLES FROM f'), 'other\n')
  // Single tables fit beside it.
  const tables = [{ schema: 'f', name: 'small' }]
  await loadLogical({ settings: target.settings(), backup, selection: { kind: 'tables', tables } })
  assert.equal(await target.sql('SELECT COUNT(*) FROM f.small'), '2\n')
})

eachServer('a load that fails leaves the event scheduler as it was', async (kind) => {
  const event = 'CREATE EVENT f.e ON SCHEDULE EVERY 1 DAY DO SET @a = 1'
  await using source = await startServer(kind, { sql: `${few}; ${event}` })
  await using target = await startServer(kind, { args: ['--event-scheduler=ON'] })
  const memory = new MemoryBackup()
  const backup = memory.source(await dumpLogical({ settings: source.settings(), sink: memory }))
  const broken = { ...backup, getChunk: () => Promise.reject(new Error('no disk')) }
  const scheduler = () => target.sql('SELECT @@event_scheduler')
  await assert.rejects(loadLogical({ settings: target.settings(), backup: broken }), /no disk/)
  assert.equal(await scheduler(), 'ON\n')
})

eachServer('a backup of the other flavour, or of other case rules, is refused', async (kind) => {
  await using source = await startServer(kind, { sql: 'CREATE DATABASE f' })
  const memory = new MemoryBackup()
  const result = await dumpLogical({ settings: source.settings(), sink: memory })
  const other = source.flavour === 'mysql' ? 'mariadb' : 'mysql'
  const foreign = memory.source({ ...result, origin: { ...result.origin, flavour: other } })
  await assert.rejects(
    loadLogical({ settings: source.settings(), backup: foreign }),
    isError('VERSION_MISMATCH'),
  )
  const content = parseLogicalContent(result.content)
  const folded = memory.source({
    ...result,
    content: { ...content, server: { ...content.server, lowerCaseTableNames: 1 } },
  })
  await assert.rejects(
    loadLogical({ settings: source.settings(), backup: folded }),
    isError('VERSION_MISMATCH'),
  )
})

for (const [what, isLocalInfile] of [
  ['LOAD DATA', 1],
  ['INSERT', 0],
] as const) {
  eachServer(
    `trap 1: a duplicate row or a value that is too long fails ${what} and is neither dropped nor cut`,
    async (kind) => {
      await using source = await startServer(kind, { sql: few })
      await using target = await startServer(kind, { args: [`--local-infile=${isLocalInfile}`] })
      const memory = new MemoryBackup()
      const selection = { kind: 'tables', tables: [{ schema: 'f', name: 'small' }] } as const
      const result = await dumpLogical({ settings: source.settings(), sink: memory, selection })
      const lie = async (text: string, rows: number) => {
        const bytes = Buffer.from(text)
        const id = await memory.putChunk(bytes)
        const chunks = [{ id, plainBytes: bytes.length, rows, rowHash: '0'.repeat(32) }]
        const content = JSON.parse(JSON.stringify(result.content).replace('"rows":2', `"rows":${rows}`))
        return memory.source({ ...result, content, objects: [{ name: 'f/small', chunks }] })
      }
      const load = async (text: string, rows: number) => {
        await target.sql('DROP DATABASE IF EXISTS f')
        await loadLogical({ settings: target.settings(), backup: await lie(text, rows) })
      }
      await assert.rejects(load('1\tone\n1\tagain\n', 2), isError('LOAD_MISMATCH', 'SERVER_ERROR'))
      await assert.rejects(load('1\ttoo long for it\n2\tx\n', 2), isError('SERVER_ERROR', 'LOAD_MISMATCH'))
      await assert.rejects(load('1\tone\nnonsense\ttwo\n', 2), isError('SERVER_ERROR', 'LOAD_MISMATCH'))
      await assert.rejects(load('1\tone\n', 2), isError('LOAD_MISMATCH'))
      await load('1\tone\n2\ttwo\n', 2)
    },
  )
}

/** Everything that a load needs but to create code of another definer, and on MySQL of one that may not be there. */
const loader = (kind: ServerKind, ...more: readonly string[]) => ({
  user: 'loader',
  password: 'l',
  grants: [
    [
      'SELECT, INSERT, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, TRIGGER, EVENT, LOCK TABLES',
      kind.startsWith('mysql') ? 'SESSION_VARIABLES_ADMIN, SYSTEM_VARIABLES_ADMIN' : 'BINLOG ADMIN',
      ...more,
    ].join(', ') + ' ON *.*',
  ],
})

const code: readonly (readonly [what: string, sql: string])[] = [
  ['view', "CREATE DEFINER = 'other'@'%' VIEW c.part AS SELECT 1 AS one"],
  ['routine', "CREATE DEFINER = 'other'@'%' PROCEDURE c.part() SELECT 1"],
  ['trigger', "CREATE DEFINER = 'other'@'%' TRIGGER c.part BEFORE INSERT ON c.t FOR EACH ROW SET NEW.id = 1"],
]

eachServer(
  'trap 15: where the account may not create code of another definer it is told the privilege, and none becomes its own',
  async (kind) => {
    const isMysql = kind.startsWith('mysql')
    const other = { user: 'other', password: 'o' }
    const privilege = isMysql ? 'SET_ANY_DEFINER' : 'SET USER'
    await using source = await startServer(kind, { users: [other] })
    const weak = loader(kind)
    const strong = { ...loader(kind, privilege), user: 'strong' }
    await using target = await startServer(kind, { users: [other, weak, strong] })
    for (const [what, sql] of code) {
      await source.sql(
        `DROP DATABASE IF EXISTS c; CREATE DATABASE c; CREATE TABLE c.t (id INT PRIMARY KEY); ${sql}`,
      )
      const memory = new MemoryBackup()
      const selection = { kind: 'schemas', schemas: ['c'] } as const
      const result = await dumpLogical({ settings: source.settings(), sink: memory, selection })
      const load = ({ user, password }: { readonly user: string; readonly password: string }) =>
        loadLogical({
          settings: target.settings({ user, password }),
          backup: memory.source(result),
          selection,
        })
      await assert.rejects(load(weak), (error: HoldfastError) => {
        assert.equal(error.code, 'PRIVILEGE_MISSING', `${what}: ${error.message}`)
        assert.match(error.message, new RegExp(privilege), what)
        return true
      })
      const definers = `SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'c' UNION ALL SELECT DEFINER FROM information_schema.ROUTINES
        WHERE ROUTINE_SCHEMA = 'c' UNION ALL SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'c'`
      assert.equal(await target.sql(definers), '', what)
      await target.sql('DROP DATABASE c')
      await load(strong)
      assert.equal(await target.sql(definers), 'other@%\n', what)
      await target.sql('DROP DATABASE c')
    }
  },
)

eachServer(
  'members with characters that the server does not show are found out, or the column is named',
  async (kind) => {
    const { user, password, grants } = reader(kind)
    const maker = { user: 'maker', password: 'm', grants: [...grants, 'CREATE TEMPORARY TABLES ON m.*'] }
    await using source = await startServer(kind, {
      sql: "CREATE DATABASE m; CREATE TABLE m.t (id INT PRIMARY KEY, e ENUM('😀', 'x') CHARACTER SET utf8mb4)",
      users: [{ user, password, grants }, maker],
    })
    const dump = (login: { readonly user: string; readonly password: string }) => {
      const selection = { kind: 'schemas', schemas: ['m'] } as const
      return dumpLogical({ settings: source.settings(login), sink: new MemoryBackup(), selection })
    }
    const made = await dump({ user: maker.user, password: maker.password })
    assert.match(JSON.stringify(made.content), /enum\('😀','x'\)/)
    assert.deepEqual(made.warnings, [])
    const refused = await dump({ user, password })
    if (source.flavour === 'mariadb') assert.deepEqual(refused.warnings, [])
    else
      assert.match(
        refused.warnings.join('\n'),
        /^m\.t shows '\?' in the definition of e, [^\n]*CREATE TEMPORARY TABLES on m/,
      )
  },
)
