// Ctrl-C and SIGTERM: the first asks the work to stop cleanly, the second leaves at once.
import { HoldfastError } from '../core/errors.ts'

export interface Interruption extends Disposable {
  /** Aborts with INTERRUPTED or TERMINATED as its reason. */
  readonly signal: AbortSignal
}

/** Holds the process's SIGINT and SIGTERM until disposed. `say` tells the person at the keyboard. */
export function onInterruption(say: (line: string) => void): Interruption {
  const controller = new AbortController()
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const isInterrupt = signal === 'SIGINT'
    // Nothing is lost by leaving at once: a backup counts from its commit, and a stream goes on from what is durable.
    if (controller.signal.aborted) process.exit(isInterrupt ? 130 : 143)
    say(isInterrupt ? 'stopping; Ctrl-C again leaves at once' : 'stopping')
    controller.abort(
      isInterrupt
        ? new HoldfastError('INTERRUPTED', 'interrupted before the work was done')
        : new HoldfastError('TERMINATED', 'terminated before the work was done'),
    )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
