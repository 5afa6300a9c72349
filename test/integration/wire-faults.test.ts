// Time-outs, cancels, dying servers and pipelines against real servers.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ErrorCode } from '../../src/core/error-codes.table.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { Connection } from '../../src/wire/connection.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'

function fails(
  code: ErrorCode,
  details: Readonly<Record<string, unknown>> = {},
): (error: unknown) => boolean {
  return (error) => {
    assert(isHoldfastError(error), String(error))
    assert.equal(error.code, code, error.message)
    for (const [name, value] of Object.entries(details)) assert.equal(error.details[name], value, name)
    return true
  }
}

async function isIdle(server: TestServer): Promise<boolean> {
  return (
    (
      await server.sql(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(%' AND info NOT LIKE '%processlist%'",
      )
    ).trim() === '0'
  )
}

eachServer(
  'a cancelled statement is killed on the server, and the connection can be used further',
  async (kind) => {
    await using server = await startServer(kind, { users: [{ user: 'bob', password: 'secret' }] })
    // An ordinary account may kill its own statements.
    await using connection = await Connection.open(server.settings({ user: 'bob', password: 'secret' }))
    for (let round = 0; round < 3; round++) {
      const controller = new AbortController()
      const reason = new Error(`round ${round}`)
      const started = performance.now()
      const running = connection.query('SELECT SLEEP(30)', { signal: controller.signal })
      setTimeout(() => controller.abort(reason), 100)
      await assert.rejects(running, (error) => error === reason)
      assert(performance.now() - started < 5000)
      assert.deepEqual(await connection.query('SELECT 1 AS a'), [{ a: 1 }])
    }
    assert.equal(await isIdle(server), true)
  },
)

eachServer(
  'a statement that takes too long ends in SERVER_TIMEOUT, and the connection can be used further',
  async (kind) => {
    await using server = await startServer(kind)
    await using connection = await Connection.open(server.settings())
    await assert.rejects(
      connection.query('SELECT SLEEP(30)', { timeoutMs: 100 }),
      fails('SERVER_TIMEOUT', { timeoutMs: 100 }),
    )
    assert.deepEqual(await connection.query('SELECT SLEEP(0.2) AS a', { timeoutMs: 5000 }), [{ a: 0 }])
  },
)

eachServer('a kill that comes too late does not hit the next statement', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  for (let round = 0; round < 20; round++) {
    const controller = new AbortController()
    const running = connection.query('SELECT SLEEP(0.005)', { signal: controller.signal })
    setTimeout(() => controller.abort(), round % 10)
    await running.then(
      () => undefined,
      (error: unknown) => assert.equal(error, controller.signal.reason),
    )
    assert.deepEqual(await connection.query('SELECT SLEEP(0.002) AS a'), [{ a: 0 }])
  }
})

eachServer('raw rows that are cancelled end early, and the connection can be used further', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await connection.run('CREATE DATABASE w')
  await connection.run('CREATE TABLE w.n (id INT PRIMARY KEY)')
  const ids = Array.from({ length: 1000 }, (_, id) => `(${id})`)
  await connection.run(`INSERT INTO w.n VALUES ${ids.join()}`)
  const controller = new AbortController()
  let skip = 0
  let taken = 0
  const rows = connection.queryRaw(
    'SELECT a.id FROM w.n a, w.n b, w.n c',
    {
      columns: () => undefined,
      take(bytes) {
        taken += bytes.length
        if (taken > 200_000) controller.abort()
        let offset = Math.min(skip, bytes.length)
        skip -= offset
        while (skip === 0 && bytes.length - offset >= 5) {
          const length = bytes.readUIntLE(offset, 3)
          const first = bytes[offset + 4]
          if (first === 0xff || (first === 0xfe && length < 9)) return { consumed: offset, ended: true }
          skip = Math.max(0, 4 + length - (bytes.length - offset))
          offset = Math.min(bytes.length, offset + 4 + length)
        }
        return { consumed: offset, ended: false }
      },
    },
    { signal: controller.signal },
  )
  await assert.rejects(rows, { name: 'AbortError' })
  assert.deepEqual(await connection.query('SELECT 1 AS a'), [{ a: 1 }])
})

async function* stuck(): AsyncGenerator<Buffer> {
  yield Buffer.from('1\n2\n')
  await sleep(3_600_000, undefined, { ref: false })
  yield Buffer.from('3\n')
}

eachServer(
  'a cancelled load ends although its data never comes, and leaves no row in a transaction',
  async (kind) => {
    await using server = await startServer(kind)
    await using connection = await Connection.open(server.settings())
    await connection.run('CREATE DATABASE w')
    await connection.run('CREATE TABLE w.t (id INT)')
    await connection.run('START TRANSACTION')
    await assert.rejects(
      connection.loadData("LOAD DATA LOCAL INFILE 'x' INTO TABLE w.t", stuck(), { timeoutMs: 200 }),
      fails('SERVER_TIMEOUT'),
    )
    await connection.run('ROLLBACK')
    assert.deepEqual(await connection.query('SELECT COUNT(*) AS n FROM w.t'), [{ n: 0 }])
  },
)

eachServer('a server that dies in a statement gives CONNECTION_LOST, then and ever after', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  const running = connection.query('SELECT SLEEP(30)')
  const [outcome] = await Promise.allSettled([running, sleep(100).then(() => server.kill9())])
  assert.equal(outcome.status, 'rejected')
  fails('CONNECTION_LOST', { server: `127.0.0.1:${server.port}` })(outcome.reason)
  await server.restart()
  await assert.rejects(connection.query('SELECT 1'), fails('CONNECTION_LOST'))
  await using fresh = await Connection.open(server.settings())
  assert.equal((await fresh.query('SELECT 1')).length, 1)
})

eachServer('a server that dies under TLS or a socket gives CONNECTION_LOST as well', async (kind) => {
  await using server = await startServer(kind, { tls: true })
  await using encrypted = await Connection.open(server.settings({ tls: { mode: 'REQUIRED' } }))
  await using local = await Connection.open(server.settings({ socket: true }))
  const running = [encrypted.query('SELECT SLEEP(30)'), local.query('SELECT SLEEP(30)')]
  const [, ...outcomes] = await Promise.allSettled([sleep(100).then(() => server.kill9()), ...running])
  for (const outcome of outcomes) {
    assert.equal(outcome.status, 'rejected')
    fails('CONNECTION_LOST')(outcome.reason)
  }
})

eachServer('a session that is killed says so, also to an idle connection', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await server.sql(`KILL ${connection.threadId}`)
  await sleep(100)
  await assert.rejects(connection.query('SELECT 1'), (error) =>
    isHoldfastError(error, 'CONNECTION_LOST', 'SERVER_ERROR'),
  )
  await assert.rejects(connection.query('SELECT 1'), fails('CONNECTION_LOST'))
})

eachServer(
  'an idle session that the server ended is lost, with the reason where the server told one',
  async (kind) => {
    await using server = await startServer(kind)
    await using connection = await Connection.open(server.settings())
    await connection.run('SET SESSION wait_timeout = 1')
    await sleep(2500)
    const told = kind === 'mysql-9.7' ? /4031/ : /closed the connection|ECONNRESET/
    await assert.rejects(connection.query('SELECT 1'), (error) => {
      fails('CONNECTION_LOST')(error)
      assert.match(String(error), told)
      return true
    })
  },
)

eachServer('a server that stops answering is left when the grace after a cancel is over', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open({ ...server.settings(), connectTimeoutMs: 500 })
  server.freeze()
  try {
    await assert.rejects(connection.query('SELECT SLEEP(30)', { timeoutMs: 100 }), fails('SERVER_TIMEOUT'))
    await assert.rejects(connection.query('SELECT 1'), fails('CONNECTION_LOST'))
  } finally {
    server.thaw()
  }
})

eachServer('one connection does one thing at a time', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  const first = connection.query('SELECT SLEEP(0.1) AS a')
  await assert.rejects(connection.query('SELECT 2'), /the connection is busy with: SELECT SLEEP/)
  assert.deepEqual(await first, [{ a: 0 }])
})

const window = { windowBytes: 1024 * 1024, windowStatements: 500 }

eachServer('a pipeline executes statements in order and names the one that failed', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await connection.run('CREATE DATABASE w')
  await connection.run('CREATE TABLE w.t (id INT PRIMARY KEY, v LONGTEXT CHARACTER SET utf8mb4)')
  {
    await using pipeline = connection.openPipeline(window)
    for (let id = 0; id < 3000; id++) {
      await pipeline.send(
        id % 3 === 0
          ? Buffer.from(`INSERT INTO w.t VALUES (${id}, 'ä')`)
          : `INSERT INTO w.t VALUES (${id}, 'ä')`,
      )
    }
    await pipeline.send('SELECT * FROM w.t')
    await pipeline.send(`INSERT INTO w.t VALUES (5000, '${'x'.repeat(3 * 1024 * 1024)}')`)
    await pipeline.send('DELETE FROM w.t WHERE id = 2999')
    await pipeline.flush()
    assert.equal(pipeline.answered, 3003)
  }
  assert.deepEqual(await connection.query('SELECT COUNT(*) AS n, SUM(LENGTH(v)) AS bytes FROM w.t'), [
    { n: 3000, bytes: String(2999 * 2 + 3 * 1024 * 1024) },
  ])
  {
    await using pipeline = connection.openPipeline(window)
    for (let id = 0; id < 100; id++) await pipeline.send('DO 1')
    await pipeline.send("INSERT INTO w.t VALUES (0, 'twice')")
    await pipeline.send('DO 2').catch(() => undefined)
    await assert.rejects(
      pipeline.flush(),
      fails('SERVER_ERROR', {
        errno: 1062,
        statementIndex: 100,
        statement: "INSERT INTO w.t VALUES (0, 'twice')",
      }),
    )
    await assert.rejects(pipeline.send('DO 3'), fails('SERVER_ERROR', { statementIndex: 100 }))
  }
  assert.deepEqual(await connection.query('SELECT 1 AS a'), [{ a: 1 }])
})

eachServer(
  'a long statement may be sent while the answer to an earlier one is still coming',
  async (kind) => {
    await using server = await startServer(kind)
    await using connection = await Connection.open(server.settings())
    await using pipeline = connection.openPipeline(window)
    // Each row is longer than the server's 16 KiB buffer, so that it comes by itself.
    const row = "SELECT REPEAT('x', 20000), SLEEP(0.02)"
    await pipeline.send(Array.from({ length: 20 }, () => row).join(' UNION ALL '))
    await sleep(100)
    await pipeline.send(`DO '${'x'.repeat(100_000)}'`)
    await pipeline.flush()
    assert.equal(pipeline.answered, 2)
  },
)

eachServer('a pipeline keeps within its bounds', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await using pipeline = connection.openPipeline({ windowBytes: 1000, windowStatements: 10 })
  await pipeline.send('DO SLEEP(0.3)')
  let sent = 1
  const sending = (async () => {
    for (; sent < 30; sent++) await pipeline.send('DO 0')
  })()
  await sleep(100)
  assert.equal(sent, 10)
  await sending
  await pipeline.flush()
  const started = performance.now()
  await pipeline.send('DO SLEEP(0.2)')
  await pipeline.send(`DO '${'x'.repeat(2000)}'`)
  assert(performance.now() - started > 150, 'a statement longer than the window goes alone')
  await pipeline.flush()
})

eachServer('a pipeline runs texts of several statements when they are allowed', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await connection.setMultiStatements(true)
  {
    await using pipeline = connection.openPipeline(window)
    for (let index = 0; index < 100; index++) await pipeline.send('SET @a = 1; SELECT @a; DO 2')
    await pipeline.flush()
    assert.equal(pipeline.answered, 100)
    await pipeline.send('SET @b = 1; SELECT nowhere; SET @b = 2')
    await assert.rejects(pipeline.flush(), fails('SERVER_ERROR', { errno: 1054, statementIndex: 100 }))
  }
  await connection.setMultiStatements(false)
  assert.deepEqual(await connection.query('SELECT @b AS b'), [{ b: 1 }])
})

eachServer('an aborted pipeline has its session killed before it rejects', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await connection.run('CREATE DATABASE w')
  await connection.run('CREATE TABLE w.t (id INT)')
  const controller = new AbortController()
  const pipeline = connection.openPipeline({ ...window, signal: controller.signal })
  await pipeline.send('DO SLEEP(0.5)')
  for (let id = 0; id < 100; id++) await pipeline.send(`INSERT INTO w.t VALUES (${id})`)
  await sleep(50)
  controller.abort()
  await assert.rejects(pipeline.flush(), { name: 'AbortError' })
  await pipeline.close()
  await sleep(700)
  assert.equal((await server.sql('SELECT COUNT(*) FROM w.t')).trim(), '0')
})

eachServer('a server that dies under a pipeline gives CONNECTION_LOST', async (kind) => {
  await using server = await startServer(kind)
  await using connection = await Connection.open(server.settings())
  await using pipeline = connection.openPipeline(window)
  await pipeline.send('DO SLEEP(10)')
  const flushed = pipeline.flush()
  const [outcome] = await Promise.allSettled([flushed, sleep(50).then(() => server.kill9())])
  assert.equal(outcome.status, 'rejected')
  fails('CONNECTION_LOST')(outcome.reason)
})

function comQuery(sql: string): Buffer {
  return Buffer.concat([Buffer.of(3), Buffer.from(sql)])
}

eachServer('a command may answer with a stream of packets, which ends or is left', async (kind) => {
  await using server = await startServer(kind)
  {
    await using connection = await Connection.open(server.settings())
    const packets: Buffer[] = []
    for await (const packet of connection.openPacketStream(comQuery('SELECT 1'))) packets.push(packet)
    // The column count and the column; the EOF behind them ends the stream.
    assert.deepEqual([packets.length, packets[0]?.toString('hex')], [2, '01'])
  }
  {
    await using connection = await Connection.open(server.settings())
    await assert.rejects(
      async () => {
        for await (const _ of connection.openPacketStream(comQuery('oops'))) assert.fail()
      },
      fails('SERVER_ERROR', { errno: 1064 }),
    )
    assert.equal((await connection.query('SELECT 1')).length, 1)
  }
  {
    await using connection = await Connection.open(server.settings())
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    await assert.rejects(
      async () => {
        for await (const _ of connection.openPacketStream(comQuery('DO SLEEP(20)'), {
          signal: controller.signal,
        }))
          assert.fail()
      },
      { name: 'AbortError' },
    )
    await assert.rejects(connection.query('SELECT 1'), fails('CONNECTION_LOST'))
  }
})
