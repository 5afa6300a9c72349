// A bound on how long a server may have to wait for us: what is read goes to a store, and a store may hang.
import { HoldfastError } from '../../core/errors.ts'
import type { Connection } from '../../wire/connection.ts'

/**
 * Does `work`, which the server waits for; when it takes longer, gives up the connection, and with it all that is held. Throws FAILED
 * then, as soon as `work` lets it.
 */
export async function letGoAfter<T>(
  connection: Connection,
  limitMs: number,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  let isOver = false
  const timer = setTimeout(() => {
    isOver = true
    connection.destroy()
  }, limitMs)
  const [outcome] = await Promise.allSettled([work()])
  clearTimeout(timer)
  if (isOver) {
    throw new HoldfastError(
      'FAILED',
      `${what} took longer than ${limitMs / 1000} s, and the server would have had to wait for it`,
      {},
      { hint: 'The repository is too slow, or hangs: see what it waits for, then run the backup again.' },
    )
  }
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}
