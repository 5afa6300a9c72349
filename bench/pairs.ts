// Two ways to store the same, side by side: time, memory, and the bytes that each stored.
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { type Measurement, median } from './measure.ts'
import { mebibytes, report } from './report.ts'

/** Both sides of one comparison, with what each stored. */
export class Pairs {
  readonly #theirs: Measurement[] = []
  readonly #ours: Measurement[] = []
  readonly #theirBytes: number[] = []
  readonly #ourBytes: number[] = []

  add(theirs: Measurement, ours: Measurement, theirBytes: number, ourBytes: number): void {
    this.#theirs.push(theirs)
    this.#ours.push(ours)
    this.#theirBytes.push(theirBytes)
    this.#ourBytes.push(ourBytes)
  }

  report(work: string, peer: string): void {
    report(work, peer, this.#theirs, this.#ours)
    const [theirs, ours] = [median(this.#theirBytes), median(this.#ourBytes)]
    process.stdout.write(
      `  stored: ${mebibytes(theirs)} MiB, holdfast ${mebibytes(ours)} MiB: ${(ours / theirs).toFixed(2)} of it\n\n`,
    )
  }
}

export async function bytesIn(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size
  }
  return bytes
}
