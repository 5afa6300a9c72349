// Opens the dump of another program: a file or a folder, compressed or not, and tells which program's it is.
import { open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { HoldfastError } from '../core/errors.ts'
import type { DumpFiles } from '../logical/import/dump-files.ts'
import type { DumpFormat } from '../logical/import/import-dump.ts'
import { storeError } from '../storage/store-errors.ts'
import { atFrameEnds } from './zstd-frames.ts'

// Fewer, larger reads than Node's 64 KiB.
const readBytes = 1024 * 1024
const gzipMagic = Buffer.from('1f8b', 'hex')
const zstdMagic = Buffer.from('28b52ffd', 'hex')

export interface OpenedDump {
  readonly files: DumpFiles
  readonly format: DumpFormat
}

/** @throws HoldfastError USAGE where there is nothing, or no dump that is known */
export async function openDump(place: string, wanted: DumpFormat | undefined): Promise<OpenedDump> {
  const isFolder = await isDirectory(place)
  const names = isFolder ? (await filesIn(place)).toSorted() : [basename(place)]
  const format = wanted ?? (isFolder ? formatOf(place, names) : 'mysqldump')
  if (isFolder !== (format !== 'mysqldump')) {
    throw new HoldfastError(
      'USAGE',
      `${place} is a ${isFolder ? 'folder' : 'file'}, and a ${format} dump is a ${isFolder ? 'file' : 'folder'}`,
      { place },
    )
  }
  return { files: await dumpFiles(isFolder ? place : dirname(place), names), format }
}

function formatOf(place: string, names: readonly string[]): DumpFormat {
  if (names.includes('@.json')) return 'mysql-shell'
  if (names.some((name) => /^metadata(?:\.partial(?:\.\d+)?|\.header)?$/.test(name))) return 'mydumper'
  if (names.some((name) => name.endsWith('.sql'))) return 'tab'
  throw new HoldfastError(
    'USAGE',
    `${place} holds no dump that is known`,
    { place },
    {
      hint: 'A folder of mydumper has a file metadata, one of MySQL Shell a file @.json, and one of mysqldump --tab files table.sql and table.txt.',
    },
  )
}

async function isDirectory(place: string): Promise<boolean> {
  try {
    return (await stat(place)).isDirectory()
  } catch (error) {
    throw new HoldfastError(
      'USAGE',
      `there is no dump at ${place}`,
      { place },
      { cause: error, hint: 'Give a file or a folder.' },
    )
  }
}

/** Files here and one level down, as mariadb-dump --dir has them. */
async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile()) names.push(entry.name)
    if (!entry.isDirectory()) continue
    for (const within of await readdir(join(folder, entry.name), { withFileTypes: true })) {
      if (within.isFile()) names.push(`${entry.name}/${within.name}`)
    }
  }
  return names
}

async function dumpFiles(folder: string, names: readonly string[]): Promise<DumpFiles> {
  const volume = { sizeBytes: 0, readBytes: 0 }
  for (const name of names) volume.sizeBytes += (await stat(join(folder, name))).size
  const onBytes = (bytes: number): void => {
    volume.readBytes += bytes
  }
  return {
    volume,
    names,
    read: (name) => readFile(join(folder, name), name, onBytes),
    changedMicros: async (name) => Math.floor((await stat(join(folder, name))).mtimeMs * 1000),
  }
}

async function* readFile(
  path: string,
  name: string,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const plain = plainBytes(path, onBytes)
  // Not by name: compressed dumps go by many.
  const first = await plain.next()
  if (first.done === true) return
  const source = joined(first.value, plain)
  const start = first.value.subarray(0, 4)
  const isZstd = start.equals(zstdMagic)
  const decompress = start.subarray(0, 2).equals(gzipMagic)
    ? createGunzip({ chunkSize: readBytes })
    : isZstd
      ? createZstdDecompress({ chunkSize: readBytes })
      : undefined
  if (decompress === undefined) {
    yield* source
    return
  }
  const input = Readable.from(isZstd ? atFrameEnds(source) : source, { objectMode: false })
  input.on('error', (error) => decompress.destroy(error))
  try {
    const output: AsyncIterable<Buffer> = input.pipe(decompress)
    yield* output
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    throw new HoldfastError(
      'DUMP_INCOMPLETE',
      `${name} is cut off or damaged: it cannot be decompressed to its end`,
      { file: name },
      { cause: error },
    )
  } finally {
    input.destroy()
  }
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

/** Bytes count when whoever reads asks for the next ones. */
async function* plainBytes(path: string, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  try {
    await using handle = await open(path)
    for (;;) {
      const bytes = Buffer.allocUnsafe(readBytes)
      const { bytesRead } = await handle.read(bytes, 0, readBytes)
      if (bytesRead === 0) return
      yield bytes.subarray(0, bytesRead)
      onBytes(bytesRead)
    }
  } catch (error) {
    throw storeError(error, 'reading', path)
  }
}
