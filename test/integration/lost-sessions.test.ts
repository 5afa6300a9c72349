// One connection of a backup is lost while the server, the other connections and new ones are fine, as a proxy or a firewall does it.
import assert from 'node:assert/strict'
import { isHoldfastError } from '../../src/core/errors.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { MemoryBackup } from '../support/memory-backup.ts'
import { eachServer, startServer, type TestServer } from '../support/servers.ts'
import { StatementProxy } from '../support/statement-proxy.ts'

const tables = `CREATE DATABASE w; CREATE TABLE w.a (k INT PRIMARY KEY); CREATE TABLE w.b (k INT PRIMARY KEY);
  CREATE TABLE w.m (k INT PRIMARY KEY) ENGINE = MyISAM; INSERT INTO w.a VALUES (1); INSERT INTO w.b VALUES (1), (2); INSERT INTO w.m VALUES (1)`

const readsRows = (text: string): boolean => /^SELECT .*`k` FROM `w`\./s.test(text)

/** Loses the connection of the first command that is `lost`; answers what was said afterwards. */
async function backUpLosing(
  server: TestServer,
  lost: (text: string, said: readonly string[]) => boolean,
): Promise<{ readonly afterwards: readonly string[]; readonly outcome: Promise<unknown> }> {
  const said: string[] = []
  const afterwards: string[] = []
  let isLost = false
  const proxy = await StatementProxy.open(server.port, (passing) => {
    if (passing.kind !== 'command') return false
    if (isLost) {
      afterwards.push(passing.text)
      return false
    }
    isLost = lost(passing.text, said)
    said.push(passing.text)
    return isLost ? 'of this connection' : false
  })
  const outcome = dumpLogical({
    settings: { ...server.settings(), host: '127.0.0.1', port: proxy.port },
    sink: new MemoryBackup(),
    selection: { kind: 'schemas', schemas: ['w'] },
    threads: 1,
  })
  await Promise.allSettled([outcome])
  await proxy[Symbol.asyncDispose]()
  assert.ok(isLost, `nothing was lost in ${said.join('\n')}`)
  return { afterwards, outcome }
}

const isLostConnection = (error: unknown): boolean => isHoldfastError(error, 'CONNECTION_LOST')

eachServer(
  'a connection that is lost between two tables ends the backup, and nothing is read in another snapshot',
  async (kind) => {
    await using server = await startServer(kind, { sql: tables })
    const { afterwards, outcome } = await backUpLosing(
      server,
      (text, said) => readsRows(text) && said.filter(readsRows).length === 2,
    )
    await assert.rejects(outcome, isLostConnection)
    assert.deepEqual(
      afterwards.filter((text) => readsRows(text) || text.startsWith('START TRANSACTION')),
      [],
    )
  },
)

eachServer(
  'a backup fails when the session is lost that kept tables without transactions as they were',
  async (kind) => {
    await using server = await startServer(kind, { sql: tables })
    const { outcome } = await backUpLosing(
      server,
      (text, said) => text === 'UNLOCK TABLES' && said.some(readsRows),
    )
    await assert.rejects(outcome, isLostConnection)
  },
)

eachServer('a backup fails when the session is lost that kept definitions as they were', async (kind) => {
  await using server = await startServer(kind, { sql: tables })
  // A ping, which has no text: it comes when everything is read.
  const { outcome } = await backUpLosing(server, (text, said) => text === '' && said.some(readsRows))
  await assert.rejects(outcome, isLostConnection)
})
