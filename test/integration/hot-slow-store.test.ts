// Hot copies into a store that hangs: the server waits for a while at most, then goes on as if there were no backup.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { hotCopyOf } from '../support/hot-rig.ts'
import { startServer, type TestServer, testedKinds } from '../support/servers.ts'
import { someKind } from '../support/some-kind.ts'
import { openWitness } from '../support/witness.ts'

const patienceMs = 1500

/** Nothing is stored from `close` to `open`. */
class Gate implements Disposable {
  #closed = Promise.withResolvers<void>()
  readonly #reached = Promise.withResolvers<void>()
  #isClosed = false

  close(): void {
    this.#isClosed = true
  }

  open(): void {
    this.#isClosed = false
    this.#closed.resolve()
  }

  [Symbol.dispose](): void {
    this.open()
  }

  /** Somebody waits at it. */
  get reached(): Promise<void> {
    return this.#reached.promise
  }

  readonly pass = async (): Promise<void> => {
    if (!this.#isClosed) return
    this.#reached.resolve()
    await this.#closed.promise
  }
}

async function assertFree(server: TestServer): Promise<void> {
  await server.sql('SET lock_wait_timeout = 20; CREATE TABLE d.made_after (id INT PRIMARY KEY)')
  if (server.flavour === 'mysql')
    assert.equal(await server.sql('SELECT innodb_redo_log_consumer_register()'), '0\n')
  else await server.sql('SET lock_wait_timeout = 20; BACKUP STAGE START; BACKUP STAGE END')
}

for (const kind of new Set([someKind('mysql'), someKind('mariadb')])) {
  test(`a store that hangs while writes wait is given up before it harms them (${kind})`, async () => {
    await using source = await startServer(kind, {
      sql: `CREATE DATABASE d; CREATE TABLE d.plain (id INT PRIMARY KEY, bytes LONGBLOB) ENGINE=MyISAM; INSERT INTO d.plain VALUES (1, '')`,
    })
    await using holder = await openWitness(source, 'd')
    using gate = new Gate()
    let written: Promise<unknown> | undefined
    const run = hotCopyOf(source, {
      patienceMs,
      inTheMiddle: async () => void (await holder.query('LOCK TABLES plain WRITE')),
      beforeEach: gate.pass,
      emit: (event) => {
        // It has waited for the lock for longer than its patience with what it does under it.
        if (event.type !== 'notice' || !event.message.includes('did not get its lock')) return
        gate.close()
        // 24 MB: what is on its way to the store has less room.
        const rows = Array.from({ length: 24 }, (_, row) => `(${row + 2}, REPEAT('${row}fast', 200000))`)
        written = holder
          .query(`INSERT INTO plain VALUES ${rows.join(', ')}`)
          .then(() => holder.query('UNLOCK TABLES'))
      },
    })
    // Watched from the beginning, for it may fail before it gets there.
    const outcome = run.then(
      () => undefined,
      (error: unknown) => error,
    )
    await Promise.race([gate.reached, outcome])
    await written
    // Held when the store began to hang; nobody but the bound opens the gate until here.
    await source.sql('SET lock_wait_timeout = 60; INSERT INTO d.plain VALUES (99, 1)')
    await assertFree(source)
    gate.open()
    assert.match(
      String(await outcome),
      source.flavour === 'mysql'
        ? /reading d\/plain\.MY[DI] took longer than 1\.5 s, and the server would have had to wait for it/
        : /reading what changed has not got on for 1\.5 s, and the server would have had to wait for it/,
    )
  })
}

for (const kind of testedKinds.filter((each) => each.startsWith('mysql'))) {
  test(`a store that hangs is waited for until the redo log is full, and no longer (${kind})`, async () => {
    await using source = await startServer(kind, {
      args: ['--innodb-redo-log-capacity=8M'],
      sql: 'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, bytes LONGBLOB); INSERT INTO d.t VALUES (1, 1)',
    })
    const write = (rounds: number): Promise<string> =>
      source.sql(
        Array.from(
          { length: rounds },
          (_, round) => `UPDATE d.t SET bytes = REPEAT('${round}fast', 200000)`,
        ).join(';'),
      )
    using gate = new Gate()
    gate.close()
    const run = hotCopyOf(source, { patienceMs, beforeEach: gate.pass })
    const outcome = run.then(
      () => undefined,
      (error: unknown) => error,
    )
    await Promise.race([gate.reached, outcome])
    // Of a log of 8 MB this is less than makes anybody wait: the backup goes on for as long as it takes.
    await write(1)
    await sleep(2 * patienceMs)
    await assert.rejects(
      source.sql('SET lock_wait_timeout = 1; CREATE TABLE d.waits (id INT)'),
      /Lock wait timeout/,
    )
    // Three times as much as there is room for.
    await write(24)
    await assertFree(source)
    gate.open()
    assert.match(String(await outcome), /storing the redo log has not got on for 1\.5 s/)
  })
}
