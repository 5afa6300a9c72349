// A bound on how long a server may have to wait for us: what is read goes to a store, and a store may hang.
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../../core/errors.ts'
import type { Connection } from '../../wire/connection.ts'

/** Resolves with what has taken too long; or never, and rejects when `signal` is aborted. */
export type TooLong = (signal: AbortSignal) => Promise<string>

/**
 * Does `work`, which the server waits for; when `tooLong` resolves meanwhile, gives up the connections, and with them all that is held. Throws FAILED
 * then, as soon as `work` lets it.
 */
export async function letGoWhen<T>(
  connections: readonly Connection[],
  tooLong: TooLong,
  work: () => Promise<T>,
): Promise<T> {
  const done = new AbortController()
  let what: string | undefined
  const watch = async (): Promise<void> => {
    // One that fails cannot tell any more: what made it fail makes the work fail too, and tells more there.
    const said = await tooLong(done.signal).catch(() => undefined)
    if (done.signal.aborted) return
    what = said
    for (const connection of connections) connection.destroy()
  }
  const watching = watch()
  const [outcome] = await Promise.allSettled([work()])
  done.abort()
  await watching
  // It is why the work failed.
  if (what !== undefined) throw waitedFor(what)
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

/** However fast it gets on. `what` is asked when the time is over. */
export function takesLongerThan(limitMs: number, what: () => string): TooLong {
  return async (signal) => {
    await sleep(limitMs, undefined, { signal })
    return `${what()} took longer than ${limitMs / 1000} s`
  }
}

function waitedFor(what: string): HoldfastError {
  return new HoldfastError(
    'FAILED',
    `${what}, and the server would have had to wait for it`,
    {},
    { hint: 'The repository is too slow, or hangs: see what it waits for, then run the backup again.' },
  )
}
