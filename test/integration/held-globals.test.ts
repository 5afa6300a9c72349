// What a restore changes on its target for its time is put back, whenever it is interrupted.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { HeldGlobals } from '../../src/instance/held-globals.ts'
import { Connection } from '../../src/wire/connection.ts'
import { eachServer, startServer } from '../support/servers.ts'

eachServer('an interruption while globals are being held leaves none of them changed', async (kind) => {
  await using server = await startServer(kind)
  await server.sql('SET GLOBAL event_scheduler = ON')
  const wanted = [{ name: 'event_scheduler', value: "'OFF'" }]
  let interrupted = 0
  for (let turn = 0; turn < 60; turn++) {
    await using connection = await Connection.open(server.settings())
    const stop = new AbortController()
    const aborting = sleep(turn % 4).then(() => stop.abort())
    try {
      await using held = await HeldGlobals.hold(connection, wanted, {
        settings: server.settings(),
        emit: (event) => assert.fail(event.type),
        signal: stop.signal,
      })
      assert.ok(held)
    } catch (error) {
      assert.equal(error, stop.signal.reason)
      interrupted++
    }
    await aborting
    assert.equal((await server.sql('SELECT @@global.event_scheduler')).trim(), 'ON', `turn ${turn}`)
  }
  assert.ok(interrupted > 0, 'no turn was interrupted')
})
