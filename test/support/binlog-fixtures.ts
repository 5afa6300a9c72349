// The binary log files of real servers in test/fixtures/binlog, as events.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { BinlogEvent } from '../../src/binlog/binlog-event.ts'
import { EventSplitter } from '../../src/binlog/event-splitter.ts'

const folder = path.join(import.meta.dirname, '..', 'fixtures', 'binlog')

export const binlogFixtures: readonly string[] = readdirSync(folder).toSorted()

export function readBinlogFixture(name: string): Buffer {
  return readFileSync(path.join(folder, name))
}

export function fixtureEvents(name: string): BinlogEvent[] {
  const splitter = new EventSplitter({ offset: 0 })
  const events = [...splitter.push(readBinlogFixture(name))]
  splitter.end()
  return events
}

export async function* asyncly<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item)
}
