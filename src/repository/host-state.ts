// What a host remembers of its own last backups, so that one that can only write still knows which chunks are there.
import { createHash, randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { MalformedDataError } from '../core/malformed-data-error.ts'
import { makeFolder } from '../storage/make-folder.ts'
import { storeError, systemErrorCode } from '../storage/store-errors.ts'
import { ChunkIndex, chunkRecordBytes } from './chunk-index.ts'
import { parseDocument } from './documents.ts'
import type { BackupLine, KnownChunks } from './known-chunks.ts'

const stateHeader = z.object({
  format: z.literal(1),
  backup: z.string(),
  chunkIdKey: z.string().regex(/^[0-9a-f]{64}$/),
  chunks: z.number().int().nonnegative(),
  packs: z.array(z.tuple([z.string().regex(/^[0-9a-f]{64}$/), z.number().int().nonnegative()])),
})

/** `${XDG_STATE_HOME:-~/.local/state}/holdfast`, as the XDG Base Directory Specification says. */
export function defaultStateDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const base = env['XDG_STATE_HOME']
  return join(base?.startsWith('/') === true ? base : join(homedir(), '.local', 'state'), 'holdfast')
}

/** The state of one source of one repository on this host. */
export class HostState {
  readonly #folder: string

  constructor(stateDirectory: string, repositoryId: string, source: string) {
    this.#folder = join(stateDirectory, repositoryId, source)
  }

  /** See UnfinishedPacks. */
  get unfinishedFile(): string {
    return join(this.#folder, 'unfinished-packs')
  }

  /** Where backups of files note their cells, in a folder that is there. The format is theirs. */
  async cellsFile(): Promise<string> {
    await makeFolder(this.#folder)
    return join(this.#folder, 'known-cells')
  }

  /** Undefined when there is none of that line. Throws MalformedDataError for a damaged one: it is only a cache, callers go without. */
  async read(line: BackupLine): Promise<KnownChunks | undefined> {
    const file = this.#fileOf(line)
    const bytes = await readFile(file).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw storeError(error, 'reading', file)
    })
    return bytes && decodeState(bytes, file)
  }

  /** Holds a key and names of chunks: for the user alone. Replaced at once, so a reader sees the old or the new one. */
  async write(line: BackupLine, known: KnownChunks): Promise<void> {
    const file = this.#fileOf(line)
    const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
    try {
      await makeFolder(this.#folder)
      await writeFile(temporary, encodeState(known), { mode: 0o600, flag: 'wx', flush: true })
      await rename(temporary, file)
    } catch (error) {
      await rm(temporary, { force: true })
      throw storeError(error, 'writing', file)
    }
  }

  #fileOf(line: BackupLine): string {
    return join(this.#folder, `known-chunks-${line}`)
  }
}

/** One line of JSON, the records of the chunk index, and the SHA-256 of all that. */
function encodeState(known: KnownChunks): Buffer {
  const header = {
    format: 1,
    backup: known.backup,
    chunkIdKey: known.chunkIdKey.toString('hex'),
    chunks: known.chunks.size,
    packs: known.packs.map(({ sha256, sizeBytes }) => [sha256, sizeBytes]),
  }
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), known.chunks.records()])
  return Buffer.concat([body, createHash('sha256').update(body).digest()])
}

function decodeState(bytes: Buffer, file: string): KnownChunks {
  const bad = (expected: string): MalformedDataError =>
    new MalformedDataError({ what: 'state file', file, offset: 0, expected, found: 'something else' })
  const body = bytes.subarray(0, Math.max(0, bytes.length - 32))
  const lineEnd = body.indexOf(10)
  if (lineEnd === -1) throw bad('a line of JSON')
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(body.length)))
    throw bad('its SHA-256')
  const header = parseDocument(stateHeader, JSON.parse(body.toString('utf8', 0, lineEnd)), file)
  const records = body.subarray(lineEnd + 1)
  if (records.length !== header.chunks * chunkRecordBytes) throw bad(`${header.chunks} records`)
  const chunks = ChunkIndex.fromRecords(records)
  for (const { place } of chunks.entries()) {
    if (place.pack >= header.packs.length) throw bad('packs that are in its list')
  }
  return {
    backup: header.backup,
    chunkIdKey: Buffer.from(header.chunkIdKey, 'hex'),
    chunks,
    packs: header.packs.map(([sha256, sizeBytes]) => ({ sha256, sizeBytes })),
  }
}
