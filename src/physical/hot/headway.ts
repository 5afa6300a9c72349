// Whether something that a server waits for gets on, however much of it there is.
import { setTimeout as sleep } from 'node:timers/promises'
import type { TooLong } from './let-go-when.ts'

const checksInLimit = 20

export class Headway {
  #atMs = performance.now()

  /** To be called for every piece that is done. */
  made(): void {
    this.#atMs = performance.now()
  }

  /** Nothing was done for `limitMs`, and all that time the server did wait for it. */
  standsStillFor(
    limitMs: number,
    what: string,
    isWaitedFor: () => Promise<boolean> = async () => true,
  ): TooLong {
    return async (signal) => {
      this.made()
      while (performance.now() - this.#atMs < limitMs) {
        await sleep(limitMs / checksInLimit, undefined, { signal })
        if (!(await isWaitedFor())) this.made()
      }
      return `${what} has not got on for ${limitMs / 1000} s`
    }
  }
}
