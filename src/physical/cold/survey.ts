// All files of a data directory that nobody writes to: what each is, and what is left out.
import type { Stats } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { HoldfastError } from '../../core/errors.ts'
import type { FileContent } from '../content.ts'
import { tableElsewhere } from '../table-elsewhere.ts'
import { encryptedMagic } from './binlog-end.ts'
import { classifyFile, type FilesOf } from './classify-file.ts'
import { walk } from './walk.ts'

export interface SurveyedFile {
  /** Relative to the data directory. */
  readonly path: string
  readonly kind: FileContent['kind']
  /** What is wanted of it: there may be a hundred thousand files, and a Stats has four times as much. */
  readonly stats: Pick<Stats, 'size' | 'mode' | 'mtimeMs' | 'ino' | 'blocks'>
}

export interface Survey {
  readonly directory: string
  readonly state: FilesOf
  readonly files: readonly SurveyedFile[]
  readonly folders: readonly { readonly path: string; readonly mode: number }[]
  readonly leftOut: readonly { readonly path: string; readonly why: string }[]
  /** Path of the last binary log, and the base name of them all; absent without any. May lie outside of the directory. */
  readonly binlog?: { readonly last: string; readonly base: string }
}

/**
 * Links are followed: what they point at is stored in their place. `binlogIndex` is named where the option file has it elsewhere than in
 * the directory. Throws UNSUPPORTED for a table whose file lies elsewhere.
 */
export async function surveyDirectory(
  directory: string,
  binlogIndex?: string,
  state: FilesOf = 'shut-down',
): Promise<Survey> {
  const found = await Array.fromAsync(
    walk(directory, (name) => classifyFile(name, noLogs, state).kind === 'skip'),
  )
  const names = found.map((entry) => entry.path)
  const logs = await readLogs(directory, names, binlogIndex)
  const files: SurveyedFile[] = []
  const folders: { path: string; mode: number }[] = []
  const leftOut: { path: string; why: string }[] = [...logs.elsewhere]
  for (const { path: name, stats } of found) {
    if (stats.isDirectory()) {
      folders.push({ path: name, mode: stats.mode & 0o7777 })
      continue
    }
    if (name.endsWith('.isl')) throw tableElsewhere(name)
    const belonging = classifyFile(name, logs.kinds, state)
    if (belonging.kind === 'leave-out') leftOut.push({ path: name, why: belonging.why })
    else if (belonging.kind === 'take' && stats.isFile()) {
      const { size, mode, mtimeMs, ino, blocks } = stats
      files.push({ path: name, kind: belonging.as, stats: { size, mode, mtimeMs, ino, blocks } })
    }
  }
  return {
    directory,
    state,
    files,
    folders,
    leftOut,
    ...(logs.binlog === undefined ? {} : { binlog: logs.binlog }),
  }
}

const noLogs: ReadonlyMap<string, FileContent['kind']> = new Map()

interface Logs {
  readonly kinds: ReadonlyMap<string, FileContent['kind']>
  readonly elsewhere: readonly { readonly path: string; readonly why: string }[]
  readonly binlog?: { readonly last: string; readonly base: string }
}

/** Follows the indexes, which name one log a line: `./binlog.000001`, or an absolute path. */
async function readLogs(
  directory: string,
  names: readonly string[],
  named: string | undefined,
): Promise<Logs> {
  const kinds = new Map<string, FileContent['kind']>()
  const elsewhere: { path: string; why: string }[] = []
  const found = new Map<string, NonNullable<Logs['binlog']>>()
  const indexes = names
    .filter((name) => /^[^/]+\.index$/.test(name))
    .map((name) => path.join(directory, name))
  for (const index of new Set([...indexes, ...(named === undefined ? [] : [named])])) {
    const logs = (await readIndex(index, index === named)).split('\n').filter((line) => line !== '')
    const last = logs.at(-1)
    const isNamed = index === named
    const isRelay = !isNamed && (/relay/.test(path.basename(index)) || (await isRelayLog(directory, last)))
    for (const log of logs.map((line) => path.resolve(directory, line))) {
      const inside = path.relative(directory, log)
      if (inside.startsWith('..'))
        elsewhere.push({
          path: log,
          why: 'binary logs that lie outside of the data directory are for the archive',
        })
      else {
        kinds.set(inside, isRelay ? 'relay-log' : 'binlog')
        // MariaDB 11.4 and newer: where each GTID stands in the log.
        kinds.set(`${inside}.idx`, isRelay ? 'relay-log' : 'binlog')
      }
    }
    if (!isRelay && last !== undefined) {
      const base = path.basename(last).replace(/\.\d+$/, '')
      found.set(index, { last: path.resolve(directory, last), base })
    }
    const place = path.relative(directory, index)
    // An index of logs that are not there would keep a server from starting.
    if (!place.startsWith('..')) kinds.set(place, isRelay ? 'relay-log' : 'binlog-index')
  }
  const binlog = named === undefined ? theOnly(found) : found.get(named)
  return { kinds, elsewhere, ...(binlog === undefined ? {} : { binlog }) }
}

async function readIndex(index: string, isNamed: boolean): Promise<string> {
  try {
    return await readFile(index, 'utf8')
  } catch (error) {
    if (!isNamed || !(error instanceof Error) || !('code' in error)) throw error
    throw new HoldfastError(
      'CONFIG_INVALID',
      `the option file has the index of the binary log at ${index}, which cannot be read: ${String(error.code)}`,
      { index },
      { cause: error, hint: 'Name the option file that the server was started with last.' },
    )
  }
}

/** A replay that began in the wrong log would begin at the wrong place. */
function theOnly(found: ReadonlyMap<string, NonNullable<Logs['binlog']>>): Logs['binlog'] {
  const indexes = [...found.keys()].map((index) => path.basename(index))
  if (indexes.length < 2) return found.values().next().value
  throw new HoldfastError(
    'UNSUPPORTED',
    `it is not known which of ${indexes.join(' and ')} is the index of the binary log`,
    { indexes: indexes.join(', ') },
    {
      hint: "Name the server's option file with --server-options FILE, or move away what is none of its logs.",
    },
  )
}

/** LOG_EVENT_RELAY_LOG_F of log_event.h, in the flags of the first event; its header follows the four bytes that every log begins with. */
const relayFlag = 0x40
const flagsAt = 4 + 17

async function isRelayLog(directory: string, log: string | undefined): Promise<boolean> {
  if (log === undefined) return false
  await using handle = await open(path.resolve(directory, log), 'r')
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(flagsAt + 2), 0, flagsAt + 2, 0)
  if (buffer.subarray(0, encryptedMagic.length).equals(encryptedMagic)) return false
  return bytesRead === flagsAt + 2 && (buffer.readUInt16LE(flagsAt) & relayFlag) !== 0
}
