// A MySQL server to be cloned, and what becomes of a clone: a server on its files, which is compared with its source.
import assert from 'node:assert/strict'
import type { TlsSettings } from '../../src/core/connection-settings.ts'
import type { EmitEvent } from '../../src/core/events.ts'
import { RateLimit } from '../../src/core/rate-limit.ts'
import { cloneInstance } from '../../src/physical/clone/clone-instance.ts'
import { type PhysicalRun, physicalRun, startOnFiles } from './comes-back.ts'
import { differencesBetween } from './compare-servers.ts'
import type { Keyring } from './keyring.ts'
import { MemoryBackup } from './memory-backup.ts'
import {
  type ServerKind,
  startServer,
  type TestServer,
  type TestServerOptions,
  testedKinds,
} from './servers.ts'

/** CLONE is MySQL's alone. */
export const clonedKinds: readonly ServerKind[] = testedKinds.filter((kind) => kind.startsWith('mysql'))

export const cloner = { user: 'cloner', password: 'Clone-it-1' } as const

/** A server with the plugin, and the account `cloner` that has BACKUP_ADMIN and nothing else. */
export function startDonor(kind: ServerKind, options: TestServerOptions = {}): Promise<TestServer> {
  return startServer(kind, {
    ...options,
    users: [{ ...cloner, grants: ['BACKUP_ADMIN ON *.*'] }, ...(options.users ?? [])],
    sql: `INSTALL PLUGIN clone SONAME 'mysql_clone.so';\n${options.sql ?? ''}`,
  })
}

export interface CloneRun extends PhysicalRun {
  readonly result: Awaited<ReturnType<typeof cloneInstance>>
}

export interface CloneRunOptions {
  /** Instead of the donor's own: that of a proxy. */
  readonly port?: number
  /** Off by default. */
  readonly tls?: TlsSettings
  readonly bytesPerSecond?: number
  readonly emit?: EmitEvent
  readonly signal?: AbortSignal
}

export async function cloneOf(donor: TestServer, options: CloneRunOptions = {}): Promise<CloneRun> {
  const { port, bytesPerSecond, emit = () => undefined, signal = new AbortController().signal } = options
  const backup = new MemoryBackup()
  const settings = donor.settings(options.tls === undefined ? cloner : { ...cloner, tls: options.tls })
  const result = await cloneInstance({
    settings: port === undefined ? settings : { ...settings, port },
    sink: backup,
    rateLimit: bytesPerSecond === undefined ? undefined : RateLimit.of(bytesPerSecond),
    emit,
    signal,
  })
  return physicalRun(backup, result)
}

/** A server that recovers the files of a clone; its own UUID, so it can be a replica of the source. */
export function startClone(kind: ServerKind, run: CloneRun, keyring?: Keyring): Promise<TestServer> {
  return startOnFiles(kind, run, {
    args: ['--server-id=4242', ...(keyring?.args ?? [])],
    prepare: async (directory) => await keyring?.giveTo(directory),
  })
}

export interface Writing extends AsyncDisposable {
  /** Answers how many rounds there were. Throws what a statement failed with. */
  stop(): Promise<number>
}

/** Changes the shop until it is stopped; a second time under another name. */
export function changeEverything(server: TestServer, of = 'once'): Writing {
  const over = new AbortController()
  const write = async (): Promise<number> => {
    let rounds = 0
    for (; !over.signal.aborted; rounds += 1) await server.sql(changes(of, rounds, server.flavour))
    return rounds
  }
  const outcome = write().then(
    (rounds) => () => rounds,
    (error: unknown) => () => {
      throw error
    },
  )
  const stop = async (): Promise<number> => {
    over.abort()
    return (await outcome)()
  }
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) }
}

/** Every statement that makes, renames, rebuilds or drops files, over and over, and writes between them. */
function changes(of: string, n: number, flavour: TestServer['flavour']): string {
  return `
CREATE TABLE shop.made_${of}_${n} (id INT AUTO_INCREMENT PRIMARY KEY, data VARBINARY(2000)) ${n % 2 === 0 ? '' : 'ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8'};
INSERT INTO shop.made_${of}_${n} (data) SELECT RANDOM_BYTES(600) FROM shop.orders LIMIT 300;
${n === 1 && flavour === 'mysql' ? `CREATE UNDO TABLESPACE extra_${of} ADD DATAFILE 'extra_${of}.ibu';` : ''}
${n < 1 ? '' : `RENAME TABLE shop.made_${of}_${n - 1} TO shop.renamed_${of}_${n - 1}; ALTER TABLE shop.renamed_${of}_${n - 1} ADD KEY (data(10)), FORCE;`}
${n < 2 ? '' : `RENAME TABLE shop.renamed_${of}_${n - 2} TO shop.passing, shop.renamed_${of}_${n - 1} TO shop.renamed_${of}_${n - 2}, shop.passing TO shop.renamed_${of}_${n - 1};`}
${n < 3 ? '' : `DROP TABLE shop.renamed_${of}_${n - 3}; TRUNCATE TABLE shop.renamed_${of}_${n - 2};`}
INSERT INTO shop.orders (customer_id, total) SELECT customer_id, total + 1 FROM shop.orders ORDER BY id LIMIT 200;
UPDATE shop.orders SET note = HEX(RANDOM_BYTES(20)) WHERE id % 7 = ${n % 7};`
}

/**
 * Lets the clone replicate what its own GTID set lacks, as a replay would, and compares all of it with the source. Everything in
 * engines other than InnoDB would differ.
 */
export async function assertCatchesUp(clone: TestServer, source: TestServer): Promise<void> {
  const executed = (await source.sql('SELECT @@GLOBAL.gtid_executed')).replaceAll(/\s/g, '')
  await clone.sql(
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${source.port}, SOURCE_USER = 'root', ` +
      'SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1; START REPLICA',
  )
  const waited = await clone.sql(`SELECT WAIT_FOR_EXECUTED_GTID_SET('${executed}', 30)`)
  const errors = await clone.sql(
    'SELECT LAST_ERROR_MESSAGE FROM performance_schema.replication_applier_status_by_worker WHERE LAST_ERROR_NUMBER <> 0 ' +
      'UNION ALL SELECT LAST_ERROR_MESSAGE FROM performance_schema.replication_connection_status WHERE LAST_ERROR_NUMBER <> 0',
  )
  assert.equal(waited.trim(), '0', errors)
  assert.deepEqual(await differencesBetween(clone, source), [])
  assert.doesNotMatch(await checkTables(clone), /error|corrupt/i)
}

/** Reads every page of every table. */
async function checkTables(server: TestServer): Promise<string> {
  const tables = await server.sql(
    "SELECT GROUP_CONCAT(CONCAT('`', TABLE_SCHEMA, '`.`', TABLE_NAME, '`')) FROM information_schema.TABLES " +
      "WHERE ENGINE = 'InnoDB' AND TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN ('mysql', 'sys')",
  )
  return server.sql(`CHECK TABLE ${tables.trim()} EXTENDED`)
}
