// A snapshot of the volume that a data directory lies in: the steps that every kind of volume has.

/** In order. Each throws FAILED with what a program of the host said, and TOOL_MISSING where there is none. */
export interface HeldSnapshot {
  /** How a person takes it away who has kept it. */
  readonly removal: string
  /** What can be done before anybody has to wait. */
  prepare(signal: AbortSignal): Promise<void>
  /** Takes it: under whatever lock there is, so as little as possible. */
  take(signal: AbortSignal): Promise<void>
  /** Answers the directory in which the files of the data directory can be read as they were. */
  open(signal: AbortSignal): Promise<string>
  /** Throws UNSUPPORTED for a snapshot that had to give up meanwhile: what was read of it is no backup. */
  requireSound(signal: AbortSignal): Promise<void>
  /** The end of `open`. Done again, or without it, it does nothing. */
  close(): Promise<void>
  /** Takes away all that there is of it, also after a crash at any step. Done again it does nothing. */
  remove(): Promise<void>
}

export interface PlanRequest {
  /** The data directory, absolute and without links. */
  readonly directory: string
  /** Of the snapshot; nothing has it yet. */
  readonly name: string
  /** A folder to be made for whatever has to be mounted. */
  readonly mountAt: string
  readonly signal: AbortSignal
}
