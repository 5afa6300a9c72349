// Takes a backup in a process of its own and names each of its steps; it can kill itself at one, before it goes on:
// node stepped-backup.ts ROOT STATE_DIRECTORY PORT [STEP COUNT]
import { AsyncLocalStorage } from 'node:async_hooks'
import { writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { HoldfastEvent } from '../../src/core/events.ts'
import { dumpLogical } from '../../src/logical/dump-logical.ts'
import { Repository } from '../../src/repository/repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { localSettings } from './local-settings.ts'

const [root = '', stateDirectory = '', port = '', fatal, count] = process.argv.slice(2)
/** How many more times the fatal step is survived. */
let left = Number(count)

function step(name: string): void {
  writeSync(1, `${name}\n`)
  // A signal to oneself has come when kill(2) returns.
  if (name === fatal && left-- === 0) process.kill(process.pid, 'SIGKILL')
}

/** Only what changes the store has steps: between two such, whatever is read, a repository is the same. */
class SteppedStore extends DirectoryStore {
  override putIfAbsent(...call: Parameters<DirectoryStore['putIfAbsent']>) {
    return inSteps(`put ${kindOf(call[0])}`, () => super.putIfAbsent(...call))
  }

  override casPut(...call: Parameters<DirectoryStore['casPut']>) {
    return inSteps(`replace ${kindOf(call[0])}`, () => super.casPut(...call))
  }

  override delete(...call: Parameters<DirectoryStore['delete']>) {
    return inSteps('delete', () => super.delete(...call))
  }
}

const writing = new AsyncLocalStorage<string>()

async function inSteps<T>(name: string, work: () => Promise<T>): Promise<T> {
  const answer = await writing.run(name, work)
  step(`after: ${name}`)
  return answer
}

/** As the store calls a FileHandle. */
interface Writer {
  readonly write: (
    this: Writer,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ) => Promise<{ readonly bytesWritten: number }>
}

/** Files of the store are written in two halves, with a step between them. A short write is nothing that a writer may not meet. */
async function stepAmidWrites(): Promise<void> {
  await using someFile = await open('/dev/null')
  const prototype: Writer = Object.getPrototypeOf(someFile)
  const { write } = prototype
  const inHalves: Writer['write'] = async function (bytes, offset, length, position) {
    const name = writing.getStore()
    const isWhole = name === undefined || offset > 0 || length < 2
    const answer = await write.call(this, bytes, offset, isWhole ? length : length >> 1, position)
    if (!isWhole) step(`amid: ${name}`)
    return answer
  }
  Object.defineProperty(prototype, 'write', { value: inHalves })
}

/** sources/shop/packs/ab/abcd… is a `packs`. */
function kindOf(key: string): string {
  return key.split('/')[2] ?? key
}

function onEvent(event: HoldfastEvent): void {
  if (event.type === 'phase') step(event.phase)
  // The first and the last of a phase are of no table.
  if (event.type === 'progress' && event.detail !== undefined) step(`${event.phase}: a chunk`)
}

await stepAmidWrites()
const source = (await Repository.open(new SteppedStore(root), { stateDirectory })).source('shop')
await using session = await source.beginBackup('logical', 'dump')
// One session, so that the steps come in one order.
const result = await dumpLogical({
  settings: localSettings(Number(port)),
  sink: session,
  threads: 1,
  emit: onEvent,
})
await session.commit(result)
