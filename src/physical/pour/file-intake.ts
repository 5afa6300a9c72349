// The one door through which every physical method brings files: the method pushes, whatever it reads from.
import type { FileContent } from '../content.ts'

/** What a method knows of a file before its bytes come. */
export interface FileAttributes {
  readonly kind: FileContent['kind']
  /** Permission bits, e.g. 0o640. */
  readonly mode: number
  /** Milliseconds since 1970-01-01 UTC, where the method knows. */
  readonly modifiedAtMs?: number
  /** Of tablespaces: from page 0, or from whoever hands it over. */
  readonly tablespace?: FileContent['tablespace']
  /** The file has holes of its own, as page-compressed tablespaces have: each block of 4 KiB of zeros shall become one again. */
  readonly isSparse?: boolean
}

/**
 * Files in any order, any number of them open at once, each written in any order. Memory is bounded however many are open: what is
 * written in pieces that do not follow one another costs space in the repository, never memory.
 *
 * A path is relative to the data directory, with `/` between its parts; or absolute for what lies outside of it. Parts `.`, `..` and
 * empty ones are refused with FAILED.
 */
export interface FileIntake {
  /** A new file of length 0; or the file that has this path already, with all its bytes, to be written further. */
  open(path: string, attributes: FileAttributes): IntakeFile
  /** A folder, for its mode, or because it has to be there although it is empty. Folders of files need not be named. */
  folder(path: string, mode: number): void
  /** Takes back a file, open or closed. One that was never there is a BUG. */
  remove(path: string): void
  /** Open or closed; an open one is written further under its new name. `to` must be free: a BUG otherwise. */
  rename(from: string, to: string): void
  /** Notes by name what belongs to the server and is not in the backup, and why. */
  leaveOut(path: string, why: string): void
}

export interface IntakeFile {
  readonly path: string
  /**
   * Bytes at an offset; what was written there before is replaced, be it stored already or not. The caller may reuse its buffer when
   * this returns. Waits while too much is under way: this is the back-pressure. Writes that overlap must not be under way together.
   * Throws what the sink throws, then or at any later call.
   */
  write(offset: number, bytes: Uint8Array, signal?: AbortSignal): Promise<void>
  /** The length in bytes: what is cut off is gone, what is added reads as zeros. A write beyond the end extends a file by itself. */
  resize(sizeBytes: number): Promise<void>
  /** Nothing more for now. A file that is not closed costs memory that others could have. */
  close(): void
}
