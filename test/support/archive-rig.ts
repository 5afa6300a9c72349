// A source, a repository in memory or in a directory, and a spool: what tests of the archive start from.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Archive } from '../../src/archive/archive.ts'
import type { SafePlaceName } from '../../src/archive/safe-place.ts'
import type { SegmentRepository } from '../../src/archive/segment-repository.ts'
import {
  type StreamOptions,
  type StreamSummary,
  streamBinaryLogs,
} from '../../src/archive/stream-binary-logs.ts'
import { eventType } from '../../src/binlog/event-types.ts'
import type { HoldfastEvent } from '../../src/core/events.ts'
import { historyRuns } from '../../src/core/history.ts'
import { Repository } from '../../src/repository/repository.ts'
import type { SourceRepository } from '../../src/repository/source-repository.ts'
import { DirectoryStore } from '../../src/storage/directory-store.ts'
import { MemoryStore } from '../../src/storage/memory-store.ts'
import type { ArchiveChildOptions } from './archive-child.ts'
import type { TestServer } from './servers.ts'
import { temporaryDirectory } from './temporary-directory.ts'

export interface ArchiveRig extends AsyncDisposable {
  readonly folder: string
  readonly spoolDir: string
  /** Of an encrypted repository. */
  readonly identity: string | undefined
  /** The source as a process sees it that holds these identities. */
  openWith(identities: readonly string[]): Promise<SourceRepository>
  readonly source: SourceRepository
  /** Everything emitted so far. */
  readonly events: HoldfastEvent[]
  /** Streams until everything is there that the server has now. */
  catchUp(options?: Partial<StreamOptions>): Promise<StreamSummary>
  /** Streams until the controller is aborted. */
  stream(options?: Partial<StreamOptions>): {
    readonly stop: AbortController
    readonly done: Promise<StreamSummary>
  }
  /** Every file that the server has is in the archive, byte for byte (but for the in-use mark of an open one). */
  assertSameAsSource(reader?: SourceRepository): Promise<void>
}

export async function archiveRig(
  server: TestServer,
  options: { readonly inDirectory?: boolean; readonly encrypt?: boolean } = {},
): Promise<ArchiveRig> {
  const directory = await temporaryDirectory()
  const store =
    options.inDirectory === true
      ? new DirectoryStore(path.join(directory.path, 'repository'))
      : new MemoryStore()
  const { repository, identity } = await Repository.create(store, {
    recipients: 'generate',
    encrypt: options.encrypt ?? false,
  })
  const source = repository.source('shop')
  const spoolDir = path.join(directory.path, 'spool')
  const events: HoldfastEvent[] = []
  const common = (): StreamOptions => ({
    settings: server.settings(),
    source,
    repositoryId: repository.id,
    spoolDir,
    heartbeatMs: 500,
    emit: (event) => events.push(event),
  })
  return {
    folder: directory.path,
    spoolDir,
    openWith: async (identities) => (await Repository.open(store, { identities })).source('shop'),
    identity,
    source,
    events,
    catchUp: (more = {}) => streamBinaryLogs({ ...common(), untilCaughtUp: true, ...more }),
    stream(more = {}) {
      const stop = new AbortController()
      return { stop, done: streamBinaryLogs({ ...common(), signal: stop.signal, ...more }) }
    },
    async assertSameAsSource(reader = source) {
      // MariaDB writes a checkpoint some time after each rotation by itself, perhaps behind what was caught up with.
      for (let attempt = 0; ; attempt++) {
        try {
          await assertSameAsSource(server, reader)
          return
        } catch (error) {
          if (attempt === 3 || !(await hasNewCheckpoint(server, reader))) throw error
          await streamBinaryLogs({ ...common(), untilCaughtUp: true })
        }
      }
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

/** True when nothing but a checkpoint stands behind what is archived of the source's last file. */
async function hasNewCheckpoint(server: TestServer, source: SourceRepository): Promise<boolean> {
  const last = (await Archive.open(source)).segments.at(-1)?.index
  if (last === undefined) return false
  const file = await readFile(path.join(server.dataDir, last.file))
  // One for each rotation.
  let at = last.end
  while (file[at + 4] === eventType.binlogCheckpoint) at += file.readUInt32LE(at + 9)
  return at > last.end && at === file.length
}

async function assertSameAsSource(server: TestServer, source: SourceRepository): Promise<void> {
  const archive = await Archive.open(source)
  const files = (await readdir(server.dataDir)).filter((name) => /^binlog\.\d+$/.test(name)).toSorted()
  assert.ok(files.length > 0)
  for (const file of files) {
    const parts: Buffer[] = []
    await archive.exportFile(file, (piece) => {
      parts.push(piece)
    })
    const expected = await readFile(path.join(server.dataDir, file))
    // The flags of the format description, behind 4 bytes of magic: LOG_EVENT_BINLOG_IN_USE_F stands in an open or crashed file.
    expected[4 + 17] = (expected[4 + 17] ?? 0) & ~1
    const found = Buffer.concat(parts)
    assert.equal(found.length, expected.length, `length of ${file}`)
    assert.ok(found.equals(expected), `bytes of ${file}`)
  }
  assertWhole(archive)
}

/** Within each timeline the segments follow each other without a gap: by their chain, their places and their GTIDs. */
function assertWhole(archive: Archive): void {
  for (const { gapBefore } of archive.history()) assert.equal(gapBefore, undefined)
  assert.deepEqual(historyRuns(archive.history()).gaps, [])
}

/** Resolves when `isTrue` does; rejects after ten seconds, or as many as are given. */
export async function eventually(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  seconds = 10,
): Promise<void> {
  for (let i = 0; i < 40 * seconds; i++) {
    if (await isTrue()) return
    await new Promise((resolve) => {
      setTimeout(resolve, 25)
    })
  }
  throw new Error(`not within ${seconds} seconds: ${what}`)
}

/** The repository of `source`, but for what putting a segment comes to. */
export function puttingBy(
  source: SourceRepository,
  putSegment: SegmentRepository['putSegment'],
): SegmentRepository {
  return {
    name: source.name,
    ensure: (identity) => source.ensure(identity),
    admit: (identity) => source.admit(identity),
    claimArchive: () => source.claimArchive(),
    assertArchiver: () => source.assertArchiver(),
    readSegmentData: (ref) => source.readSegmentData(ref),
    listSegments: (timeline) => source.listSegments(timeline),
    readSegmentIndex: (ref) => source.readSegmentIndex(ref),
    putSegment,
  }
}

export interface ArchiverProcessOptions {
  readonly acknowledgeAfter?: SafePlaceName | undefined
  readonly sealBytes?: number
  /** A command that runs the archiver with the words behind it. */
  readonly through?: readonly string[]
}

const archiveChild = fileURLToPath(new URL('./archive-child.ts', import.meta.url))

/** An archiver to be killed, on the rig's repository, which has to be in a directory. Its stdout is what it emits, one JSON a line. */
export function startArchiver(
  server: TestServer,
  rig: ArchiveRig,
  { acknowledgeAfter, sealBytes = 20_000, through = [] }: ArchiverProcessOptions = {},
): ChildProcess {
  const options: ArchiveChildOptions = {
    port: server.port,
    repositoryDir: path.join(rig.folder, 'repository'),
    spoolDir: rig.spoolDir,
    sealBytes,
    acknowledgeAfter,
  }
  const call = [...through, process.execPath, archiveChild, JSON.stringify(options)]
  return spawn(call[0] ?? '', call.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] })
}
