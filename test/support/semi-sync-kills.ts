// Kills the source and the archiver in turn while clients commit, and looks each time whether a commit that was seen is kept.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SafePlaceName } from '../../src/archive/safe-place.ts'
import { type ArchiveRig, archiveRig, eventually, startArchiver } from './archive-rig.ts'
import { Committers, commitTable, enableSemiSync, KeptCommits, semiSyncArgs, stopped } from './semi-sync.ts'
import { type ServerKind, startServer, type TestServer } from './servers.ts'

const clients = 8
/** An archiver waits for up to half a minute before it tries again. */
const patienceSeconds = 120

/** `rounds` kills of the source and as many of the archiver; every second archiver acknowledges after the repository. */
export async function killInTurn(kind: ServerKind, rounds: number): Promise<void> {
  await using server = await startServer(kind)
  await using rig = await archiveRig(server, { inDirectory: true })
  await server.sql(commitTable)
  await enableSemiSync(server)
  const kept = new KeptCommits(rig)
  await using committers = new Committers(server.settings(), clients)
  for (let round = 0; round < rounds; round++) {
    const place: SafePlaceName = round % 2 === 0 ? 'spool' : 'repository'
    const keptIn = () => (place === 'spool' ? kept.inSpoolOrRepository() : kept.inRepository())
    await using archiver = runArchiver(server, rig, place)
    await someCommits(committers)
    await server.kill9()
    await eventually('every client has heard of it', () => committers.connected === 0, patienceSeconds)
    archiver.process.kill('SIGSTOP')
    await stopped(archiver.process.pid ?? 0)
    assertKept(committers.seen, await keptIn(), `source killed, round ${round}, ${place}`)
    archiver.process.kill('SIGCONT')
    await server.restart({ args: semiSyncArgs[server.flavour] })

    await someCommits(committers)
    archiver.process.kill('SIGKILL')
    await archiver.ended
    assertKept(new Set(committers.seen), await keptIn(), `archiver killed, round ${round}, ${place}`)
  }
  // What is not acknowledged waits, and a MariaDB with commits that wait does not tell where its log ends; the last archiver lets them go.
  await using archiver = runArchiver(server, rig, 'spool')
  await someCommits(committers)
  await within('the last commits return', committers.finish())
  archiver.process.kill('SIGTERM')
  await within('the archiver stops', archiver.ended)
  await within('the whole log is there', rig.catchUp())
  await rig.assertSameAsSource()
  assertKept(committers.seen, await kept.inRepository(), 'at the end')
}

/** Without a bound of its own a wait would be ended by the time-out of the source alone: after an hour. */
async function within(what: string, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController()
  const bound = sleep(patienceSeconds * 1000, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`not within ${patienceSeconds} seconds: ${what}`)
  })
  await Promise.race([work, bound]).finally(() => timer.abort())
}

/** Some more, and then a random moment. */
async function someCommits({ seen }: Committers): Promise<void> {
  const before = seen.size
  await eventually('clients commit', () => seen.size > before + clients, patienceSeconds)
  await sleep(Math.random() * 150)
}

function assertKept(seen: ReadonlySet<string>, kept: ReadonlySet<string>, when: string): void {
  assert.ok(seen.size > 0)
  assert.deepEqual([...seen.difference(kept)], [], when)
}

interface ArchiverProcess extends AsyncDisposable {
  readonly process: ChildProcess
  readonly ended: Promise<unknown>
}

function runArchiver(server: TestServer, rig: ArchiveRig, acknowledgeAfter: SafePlaceName): ArchiverProcess {
  const archiver = startArchiver(server, rig, { acknowledgeAfter })
  // What it emits is of no interest, and would fill the pipe.
  archiver.stdout?.resume()
  const ended = once(archiver, 'exit')
  return {
    process: archiver,
    ended,
    async [Symbol.asyncDispose]() {
      archiver.kill('SIGKILL')
      await ended
    },
  }
}
