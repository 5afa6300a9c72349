// Feeds the data of a LOAD DATA LOCAL statement to the server that asked for it.
import type { CancelWatch } from './cancel-watch.ts'
import type { PacketChannel } from './packet-channel.ts'

/** Data packets are cut to this length, so that a server with a small max_allowed_packet takes them and buffers stay small. */
const dataPacketBytes = 1024 * 1024

export type LoadSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

const stopped = Symbol('stopped')

/**
 * Sends `data` as packets and the empty packet that ends them. Waits whenever the socket is full. Stops early when the server has
 * answered (it failed) or `watch` has fired. When `data` throws, the statement is killed and the error becomes the watch's reason.
 */
export async function sendLoadData(
  channel: PacketChannel,
  data: LoadSource,
  watch: CancelWatch,
  maxAllowedPacketBytes: number,
): Promise<void> {
  // An empty packet would end the data, so one byte at least.
  const pieceBytes = Math.max(1, Math.min(dataPacketBytes, maxAllowedPacketBytes - 1))
  const iterator = Symbol.asyncIterator in data ? data[Symbol.asyncIterator]() : data[Symbol.iterator]()
  try {
    for (;;) {
      const step = await nextStep(iterator, watch)
      if (step === stopped || step.done === true) break
      for (let offset = 0; offset < step.value.length; offset += pieceBytes) {
        channel.write(step.value.subarray(offset, offset + pieceBytes))
        while (channel.needsDrain && !channel.hasInput) await channel.drained()
      }
      if (channel.hasInput) {
        await iterator.return?.()
        break
      }
    }
  } catch (error) {
    if (channel.lost !== undefined) throw error
    watch.cancel(error)
  }
  // Only after the kill: without it the end of the data would make the server keep the rows it has so far.
  await watch.killed()
  channel.write(Buffer.alloc(0))
}

/** The next piece, or `stopped` as soon as the watch fires: the source of the data may never answer again. */
function nextStep(
  iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
  watch: CancelWatch,
): Promise<IteratorResult<Uint8Array> | typeof stopped> {
  return new Promise((resolve, reject) => {
    if (watch.isFired) {
      resolve(stopped)
      return
    }
    watch.onFire = () => resolve(stopped)
    Promise.resolve(iterator.next()).then(resolve, reject)
  })
}
