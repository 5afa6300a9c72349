import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isHoldfastError } from '../core/errors.ts'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { maxPayloadBytes, PacketChannel } from './packet-channel.ts'

function packet(sequence: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4)
  header.writeUIntLE(payload.length, 0, 3)
  header.writeUInt8(sequence, 3)
  return Buffer.concat([header, payload])
}

test('packets are whole however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      async (payloads, cuts) => {
        const [ours, theirs] = duplexPair()
        const channel = new PacketChannel(ours, 'peer')
        const bytes = Buffer.concat(payloads.map((payload, index) => packet(index, payload)))
        for (let offset = 0, cut = 0; offset < bytes.length; cut++) {
          const length = cuts[cut % cuts.length] ?? 1
          theirs.write(bytes.subarray(offset, offset + length))
          offset += length
        }
        for (const payload of payloads) assert.deepEqual(new Uint8Array(await channel.read()), payload)
        assert.equal(channel.hasInput, false)
        channel.destroy()
      },
    ),
  )
})

for (const length of [maxPayloadBytes - 1, maxPayloadBytes, maxPayloadBytes + 1, 2 * maxPayloadBytes]) {
  test(`a payload of ${length} bytes is split when sent and joined when received`, async () => {
    const [left, right] = duplexPair({ highWaterMark: 4 * maxPayloadBytes })
    const sender = new PacketChannel(left, 'receiver')
    const receiver = new PacketChannel(right, 'sender')
    const payload = Buffer.alloc(length, 'payload ')
    sender.write(payload)
    sender.write(Buffer.from('next'))
    const received = await receiver.read()
    assert.equal(received.equals(payload), true)
    assert.equal((await receiver.read()).toString(), 'next')
    sender.destroy()
    receiver.destroy()
  })
}

test('sequence ids go on from 255 to 0', async () => {
  const [left, right] = duplexPair()
  const sender = new PacketChannel(left, 'receiver')
  const receiver = new PacketChannel(right, 'sender')
  for (let index = 0; index < 600; index++) {
    sender.write(Buffer.of(index & 0xff))
    assert.equal((await receiver.read())[0], index & 0xff)
  }
})

test('a packet out of its sequence ends the connection', async () => {
  const [ours, theirs] = duplexPair()
  const channel = new PacketChannel(ours, 'peer')
  theirs.write(packet(1, Buffer.of(1)))
  await assert.rejects(channel.read(), (error) => error instanceof MalformedDataError)
  assert.throws(
    () => channel.write(Buffer.of(1)),
    (error) => isHoldfastError(error, 'CONNECTION_LOST'),
  )
})

test('what had arrived before the end can still be read, and nothing after it', async () => {
  const [ours, theirs] = duplexPair()
  const channel = new PacketChannel(ours, 'db1:3306')
  theirs.end(Buffer.concat([packet(0, Buffer.from('last words')), Buffer.of(9, 0, 0)]))
  await new Promise((resolve) => ours.once('end', resolve))
  assert.equal((await channel.read()).toString(), 'last words')
  await assert.rejects(
    channel.read(),
    (error) => isHoldfastError(error, 'CONNECTION_LOST') && /db1:3306/.test(error.message),
  )
  await assert.rejects(channel.drained(), (error) => isHoldfastError(error, 'CONNECTION_LOST'))
})

test('a reader that waits is told when the connection ends', async () => {
  const [ours, theirs] = duplexPair()
  const channel = new PacketChannel(ours, 'peer')
  const reading = channel.read()
  theirs.end()
  await assert.rejects(reading, (error) => isHoldfastError(error, 'CONNECTION_LOST'))
})

test('a socket whose packets nobody takes is paused, and goes on when they are taken', async () => {
  const [ours, theirs] = duplexPair({ highWaterMark: 64 * 1024 })
  const channel = new PacketChannel(ours, 'peer')
  const payload = Buffer.alloc(60_000)
  let sequence = 0
  while (theirs.write(packet(sequence & 0xff, payload)) || !ours.isPaused()) {
    sequence++
    assert(sequence < 100, 'the peer may send without end')
    await new Promise(setImmediate)
  }
  assert(ours.isPaused())
  for (let taken = 0; taken <= sequence; taken++) assert.equal((await channel.read()).length, payload.length)
  assert.equal(ours.isPaused(), false)
})

test('raw chunks and packets take turns without losing a byte', async () => {
  const [ours, theirs] = duplexPair()
  const channel = new PacketChannel(ours, 'peer')
  theirs.write(
    Buffer.concat([
      packet(0, Buffer.from('one')),
      packet(1, Buffer.from('two')),
      packet(2, Buffer.from('three')),
    ]),
  )
  assert.equal((await channel.read()).toString(), 'one')
  const chunk = channel.tryReadChunk()
  assert(chunk)
  channel.unreadChunk(chunk.subarray(7))
  channel.stopCheckingSequence()
  assert.equal((await channel.read()).toString(), 'three')
  assert.equal(channel.tryReadChunk(), undefined)
})

test('nothing may have been sent in clear when TLS starts', async () => {
  const [ours, theirs] = duplexPair()
  const channel = new PacketChannel(ours, 'peer')
  theirs.write(packet(0, Buffer.of(0)))
  await new Promise(setImmediate)
  await assert.rejects(
    channel.upgrade((plain) => Promise.resolve(plain)),
    (error) => isHoldfastError(error, 'TLS_FAILED'),
  )
})
