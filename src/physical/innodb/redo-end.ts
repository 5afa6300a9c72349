// What the end of a redo log tells without a server: who wrote it, and whether there is anything to recover.

export interface RedoFile {
  readonly sizeBytes: number
  /** Bytes at an offset; fewer at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>
}

export interface RedoEnd {
  /** As the server signs it: `MySQL 9.7.4`, `MariaDB 10.11.18`. */
  readonly creator: string
  /** False when records follow the last checkpoint: the server was not shut down cleanly. Undefined where nobody can tell. */
  readonly isAtCheckpoint: boolean | undefined
}
