// A tablespace that is put under a table of a running server: nobody writes to it meanwhile, and what fails leaves no half of it.
import assert from 'node:assert/strict'
import { access, cp, rm } from 'node:fs/promises'
import path from 'node:path'
import type { ErrorCode } from '../../src/core/error-codes.table.ts'
import { isHoldfastError } from '../../src/core/errors.ts'
import { requireBytes } from '../../src/operations/require-room.ts'
import type { ExportedTable } from '../../src/physical/tablespaces/export-tablespaces.ts'
import { importTablespace } from '../../src/physical/tablespaces/import-tablespace.ts'
import { Connection } from '../../src/wire/connection.ts'
import { eachServer, startServer } from '../support/servers.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const failsWith = (code: ErrorCode, message: RegExp) => (error: unknown) => {
  assert.ok(isHoldfastError(error, code), String(error))
  assert.match(error.message, message)
  return true
}

eachServer('a tablespace is imported whole and alone, or its table is not there', async (kind, context) => {
  await using folder = await temporaryDirectory()
  await using server = await startServer(kind)
  const definition = '(id INT PRIMARY KEY, a CHAR(100))'
  await server.sql(
    `CREATE DATABASE d; CREATE TABLE d.was ${definition}; INSERT INTO d.was VALUES (1, 'a'), (2, 'b')`,
  )
  await using connection = await Connection.open(server.settings())
  await using other = await Connection.open(server.settings())
  await other.run('SET SESSION lock_wait_timeout = 1')
  const file = path.join(folder.path, 'was')
  await connection.run('FLUSH TABLES d.was FOR EXPORT')
  for (const ending of ['.ibd', '.cfg'])
    await cp(path.join(server.dataDir, `d/was${ending}`), `${file}${ending}`)
  await connection.run('UNLOCK TABLES')
  const exported: ExportedTable = { table: { schema: 'd', name: 'was' }, file, sizeBytes: 0 }
  const signal = AbortSignal.timeout(120_000)
  const importAs = async (name: string, proof: () => Promise<void>): Promise<void> => {
    await connection.run(`CREATE TABLE d.${name} ${definition}`)
    const options = { connection, directory: server.dataDir, proof, signal }
    await importTablespace(exported, { schema: 'd', name }, options)
  }

  await context.test('nobody writes to it before its rows are proven', async () => {
    const write = "INSERT INTO d.one VALUES (9, 'lost')"
    let asked = 0
    await importAs('one', async () => {
      asked += 1
      await assert.rejects(other.run(write), failsWith('SERVER_ERROR', /timeout|metadata lock/i))
    })
    assert.equal(asked, 1)
    await other.run(write)
    assert.equal(await server.sql('SELECT GROUP_CONCAT(id ORDER BY id) FROM d.one'), '1,2,9\n')
  })

  await context.test('rows that came after it was made are left alone', async () => {
    await server.sql(`CREATE TABLE d.early ${definition}; INSERT INTO d.early VALUES (7, 'mine')`)
    const options = { connection, directory: server.dataDir, proof: () => Promise.resolve(), signal }
    await assert.rejects(
      importTablespace(exported, { schema: 'd', name: 'early' }, options),
      failsWith('TARGET_MISMATCH', /somebody has written to d\.early/),
    )
    assert.equal(await server.sql('SELECT id FROM d.early'), '7\n')
  })

  await context.test('a copy that fails leaves neither its files nor a table without them', async () => {
    await rm(`${file}.cfg`)
    await assert.rejects(
      importAs('half', () => Promise.resolve()),
      failsWith(
        'FAILED',
        /tablespace of d\.half could not be imported: .*ENOENT.*; d\.half was dropped again/,
      ),
    )
    assert.equal(await server.sql("SHOW TABLES FROM d LIKE 'half'"), '')
    await assert.rejects(access(path.join(server.dataDir, 'd/half.ibd')))
    // Its name is free, and nothing is locked.
    await server.sql(`CREATE TABLE d.half ${definition}; INSERT INTO d.half VALUES (1, 'again')`)
  })

  await context.test('a file that the server does not take is gone as well', async () => {
    await cp(path.join(server.dataDir, 'd/early.ibd'), `${file}.cfg`)
    await assert.rejects(
      importAs('bad', () => Promise.resolve()),
      failsWith('SERVER_ERROR', /d\.bad was dropped again/),
    )
    await assert.rejects(access(path.join(server.dataDir, 'd/bad.ibd')))
  })

  await context.test('what does not fit is told before it is begun', async () => {
    await assert.rejects(
      requireBytes(server.dataDir, 2 ** 60, 'Make room.'),
      failsWith('DISK_FULL', /the files need \d+ MiB, and .+ has room for/),
    )
  })
})
