// A source that waits for acknowledgements, clients that commit to it all the time, and what of their commits is kept.
import { cp, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Archive } from '../../src/archive/archive.ts'
import { Spool } from '../../src/archive/spool.ts'
import type { ConnectionSettings } from '../../src/core/connection-settings.ts'
import { decodeTransactions, type SegmentIndex } from '../../src/core/segment-index.ts'
import { Connection } from '../../src/wire/connection.ts'
import type { ArchiveRig } from './archive-rig.ts'
import type { TestServer } from './servers.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/** Longer than any test: no commit returns without an acknowledgement. */
const timeoutMs = 3_600_000

/** For a restart: what `enableSemiSync` sets, from the first moment on. */
export const semiSyncArgs = {
  mysql: [
    '--loose-rpl-semi-sync-source-enabled=ON',
    `--loose-rpl-semi-sync-source-timeout=${timeoutMs}`,
    '--loose-rpl-semi-sync-source-wait-point=AFTER_SYNC',
  ],
  mariadb: [
    '--rpl-semi-sync-master-enabled=ON',
    `--rpl-semi-sync-master-timeout=${timeoutMs}`,
    '--rpl-semi-sync-master-wait-point=AFTER_SYNC',
  ],
} as const

/** From now on a commit there waits for a replica that acknowledges, even while there is none. */
export async function enableSemiSync(server: TestServer): Promise<void> {
  await server.sql(
    server.flavour === 'mysql'
      ? `INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';
         SET GLOBAL rpl_semi_sync_source_timeout = ${timeoutMs}; SET GLOBAL rpl_semi_sync_source_enabled = ON`
      : `SET GLOBAL rpl_semi_sync_master_wait_point = AFTER_SYNC;
         SET GLOBAL rpl_semi_sync_master_timeout = ${timeoutMs}; SET GLOBAL rpl_semi_sync_master_enabled = ON`,
  )
}

export const commitTable = 'CREATE DATABASE d; CREATE TABLE d.c (token VARCHAR(40) PRIMARY KEY);'

/** Clients that insert one token after the other, each in a transaction of its own, and connect again when the server is gone. */
export class Committers implements AsyncDisposable {
  /** Tokens whose commit a client saw succeed. */
  readonly seen = new Set<string>()
  readonly #settings: ConnectionSettings
  readonly #stop = new AbortController()
  readonly #connections = new Map<number, Connection>()
  readonly #running: Promise<void>[]

  constructor(settings: ConnectionSettings, count: number) {
    this.#settings = settings
    this.#running = Array.from({ length: count }, (_, client) => this.#commit(client))
  }

  /** How many are connected. */
  get connected(): number {
    return this.#connections.size
  }

  /** Waits until the last commits have returned: somebody has to acknowledge them. */
  async finish(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    for (const connection of this.#connections.values()) connection.destroy()
    await Promise.all(this.#running)
  }

  async #commit(client: number): Promise<void> {
    const { signal } = this.#stop
    for (let number = 1; !signal.aborted; ) {
      try {
        await using connection = await Connection.open(this.#settings, { signal })
        this.#connections.set(client, connection)
        for (; !signal.aborted; number++) {
          const token = `<${client}-${number}>`
          await connection.run(`INSERT INTO d.c VALUES ('${token}')`)
          this.seen.add(token)
        }
      } catch {
        // Nobody knows what became of the last one; it counts as not seen.
        number++
      } finally {
        this.#connections.delete(client)
      }
      await sleep(20)
    }
  }
}

/** Reads what a rig has kept of committed tokens, asking nobody else; each stored segment once. */
export class KeptCommits {
  readonly #rig: ArchiveRig
  readonly #stored = new WholeTransactions()
  #lastSeq = 0

  constructor(rig: ArchiveRig) {
    this.#rig = rig
  }

  async inRepository(): Promise<ReadonlySet<string>> {
    for (const { ref, index } of (await Archive.open(this.#rig.source)).segments) {
      if (index.seq <= this.#lastSeq) continue
      this.#stored.add(index, Buffer.concat(await Array.fromAsync(this.#rig.source.readSegmentData(ref))))
      this.#lastSeq = index.seq
    }
    return this.#stored.tokens
  }

  /** Also what the next archiver would find in the spool. */
  async inSpoolOrRepository(): Promise<ReadonlySet<string>> {
    await using copy = await temporaryDirectory()
    const spool = new Spool(path.join(copy.path, 'spool'))
    // First: what goes out of it meanwhile is in the repository.
    await cp(this.#rig.spoolDir, spool.folder, { recursive: true })
    await this.inRepository()
    const all = this.#stored.copy()
    for (const state of await spool.states()) {
      const segment = state.seq <= this.#lastSeq ? undefined : await spool.recover(state)
      if (segment !== undefined) all.add(segment.builder.seal().index, await readFile(segment.dataPath))
    }
    return all.tokens
  }
}

/** Tokens of transactions whose end is there. */
class WholeTransactions {
  readonly tokens: Set<string>
  /** Bytes of a transaction that has begun in an earlier segment. */
  #open: Buffer

  constructor(tokens = new Set<string>(), open: Buffer = Buffer.alloc(0)) {
    this.tokens = tokens
    this.#open = open
  }

  copy(): WholeTransactions {
    return new WholeTransactions(new Set(this.tokens), this.#open)
  }

  add(index: SegmentIndex, data: Buffer): void {
    const bytes = Buffer.concat([this.#open, data])
    const start = index.end - bytes.length
    for (const transaction of decodeTransactions(index)) {
      const text = bytes.toString('latin1', transaction.start - start, transaction.end - start)
      for (const [token] of text.matchAll(/<\d+-\d+>/g)) this.tokens.add(token)
    }
    const { openTransaction } = index
    this.#open =
      openTransaction === undefined ? Buffer.alloc(0) : bytes.subarray(openTransaction.start - start)
  }
}

/** Resolves when the process stands still after a SIGSTOP. */
export async function stopped(pid: number): Promise<void> {
  while (!/\) T/.test(await readFile(`/proc/${pid}/stat`, 'latin1'))) await sleep(5)
}
