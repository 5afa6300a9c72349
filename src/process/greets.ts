// Whether a server that was started answers already.
import { connect } from 'node:net'

/** True when a server sends its greeting: it listens before that, but answers only when it has started. */
export async function greets(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(socketPath)
  socket.once('data', () => resolve(true))
  socket.once('error', () => resolve(false))
  socket.once('close', () => resolve(false))
  socket.setTimeout(2000, () => socket.destroy())
  const isUp = await promise
  socket.destroy()
  return isUp
}
