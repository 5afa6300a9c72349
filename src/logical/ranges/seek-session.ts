// A session that boundaries are looked up in. It need not see the snapshot that the rows are read in.
import type { Connection } from '../../wire/connection.ts'
import type { Row } from '../../wire/results.ts'

/** Statements queue up, so that the ranges of several tables may share one session for reading. */
export class SeekSession {
  readonly #connection: Connection
  #last: Promise<unknown> = Promise.resolve()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  query(sql: string, signal?: AbortSignal): Promise<readonly Row[]> {
    const result = this.#last.then(() => this.#connection.query(sql, { signal }))
    // Whoever asked is told of a failure; the next one in the queue only waits for the end.
    this.#last = result.catch(() => undefined)
    return result
  }
}
