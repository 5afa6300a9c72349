// A reporter for node:test that gives nothing but the counts of the whole run, as JSON.
import type { TestEvent } from 'node:test/reporters'

export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly cancelled: number
  readonly skipped: number
  readonly todo: number
}

export default async function* countReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    // A summary without a file is the sum of all files.
    if (event.type === 'test:summary' && event.data.file === undefined)
      yield JSON.stringify(event.data.counts)
  }
}
