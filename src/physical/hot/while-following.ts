// Long work beside which something is looked after again and again.
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Calls `follow` over and over, never twice at once, until `work` is done; it is not under way any more when this returns. What either throws
 * ends both.
 */
export async function whileFollowing<T>(
  follow: (signal: AbortSignal) => Promise<void>,
  pauseMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const failed = new AbortController()
  const either = AbortSignal.any([failed.signal, signal])
  const done = new AbortController()
  const following = (async () => {
    try {
      while (!done.signal.aborted) {
        await follow(either)
        await sleep(pauseMs, undefined, { signal: AbortSignal.any([done.signal, either]) }).catch(
          () => undefined,
        )
        either.throwIfAborted()
      }
    } catch (error) {
      failed.abort(error)
      throw error
    }
  })()
  // What failed first is what made the other end.
  const reasons: unknown[] = []
  const working = work(either).finally(() => done.abort())
  for (const each of [following, working]) each.catch((error: unknown) => reasons.push(error))
  const [worked, followed] = await Promise.allSettled([working, following])
  if (worked.status === 'fulfilled' && followed.status === 'fulfilled') return worked.value
  throw reasons[0]
}
