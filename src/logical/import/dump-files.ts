// The files of a dump, as whoever opened them hands them over.

/** Bytes as the files lie there, compressed or not. */
export interface DumpVolume {
  /** Of all files. */
  readonly sizeBytes: number
  /** So far. */
  readonly readBytes: number
}

export interface DumpFiles {
  readonly volume: DumpVolume
  /** Names relative to the dump's folder, with `/`, sorted; of a dump in one file its name alone. */
  readonly names: readonly string[]
  /** The bytes of a file in pieces, decompressed where its name or its first bytes say that it is compressed. */
  read(name: string): AsyncIterable<Buffer>
  /** Microseconds since 1970-01-01 UTC. */
  changedMicros(name: string): Promise<number>
}

/** The name without the ending of a compression. */
export function plainName(name: string): string {
  return name.replace(/\.(?:gz|zst)$/, '')
}

const maxTextBytes = 64 * 1024 * 1024

/** A whole small file, such as one with metadata. Throws RangeError beyond 64 MiB. */
export async function readText(files: DumpFiles, name: string): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of files.read(name)) {
    parts.push(part)
    length += part.length
    if (length > maxTextBytes) throw new RangeError(`${name} is too long to be metadata`)
  }
  return Buffer.concat(parts).toString('utf8')
}
