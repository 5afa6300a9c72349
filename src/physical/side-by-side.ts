// Works on many things at once, but never on more than a few.

/**
 * Calls `work` for each item, `limit` of them at a time. After the first failure no more are begun; those under way see `signal`
 * aborted and are waited for, then the failure is thrown.
 */
export async function sideBySide<T>(
  items: Iterable<T>,
  limit: number,
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController()
  const either = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])])
  const iterator = Iterator.from(items)
  let failure: { readonly error: unknown } | undefined
  const worker = async (): Promise<void> => {
    try {
      for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
        either.throwIfAborted()
        await work(next.value, either)
      }
    } catch (error) {
      failure ??= { error }
      failed.abort(error)
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
  if (failure !== undefined) throw failure.error
}
