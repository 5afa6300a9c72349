import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { PacketChannel } from './packet-channel.ts'
import { StatementPipeline } from './statement-pipeline.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** OK for no rows, SERVER_STATUS_AUTOCOMMIT, no warnings: sequence id 1, because the command was 0. */
const ok = Buffer.from('0700000100000002000000', 'hex')

test('a statement is let go with its answer, also while later ones are still without', async () => {
  const [ours, theirs] = duplexPair()
  const pipeline = new StatementPipeline(
    new PacketChannel(ours, 'server'),
    { windowBytes: 1 << 20, windowStatements: 2 },
    { killSession: () => Promise.resolve(), onClose: () => undefined },
    1 << 24,
  )
  const server = new PacketChannel(theirs, 'client')
  // Longer than a batch, so that none is copied into one; fewer than after which the list of statements is cut by itself.
  const statements = 100
  const answering = (async () => {
    for (let received = 1; received <= statements; received++) {
      server.startCommand()
      await server.read()
      // Always one behind: there is never a moment without a statement in flight, at which everything could be dropped.
      if (received > 1) server.writeFramed(ok)
    }
  })()
  const sent: WeakRef<Buffer>[] = []
  const send = async (): Promise<void> => {
    const statement = Buffer.alloc(100_000, 'x')
    sent.push(new WeakRef(statement))
    await pipeline.send(statement)
  }
  for (let count = 0; count < statements; count++) await send()
  await answering
  while (pipeline.answered < statements - 1) await nextTurn()
  // A WeakRef keeps its target until the end of the turn in which it was made or read.
  await nextTurn()
  collectGarbage()
  const kept = sent.filter((reference) => reference.deref() !== undefined).length
  // The one in flight, and one more that a register or a frame may still hold.
  assert.ok(kept <= 2, `${kept} of ${statements} statements are still in memory`)
  server.writeFramed(ok)
  await pipeline.close()
  ours.destroy()
})
