// An exact place in the history of an instance.

/** A place between two events of a binary log file: `offset` is the byte where the next event starts. */
export interface BinlogPosition {
  readonly file: string
  readonly offset: number
}

/**
 * Everything that was executed up to a place. On MySQL `text` is a GTID set; on MariaDB a GTID position, one GTID per domain.
 * Empty text means that nothing was executed with a GTID.
 */
export interface GtidState {
  readonly flavour: 'mysql' | 'mariadb'
  readonly text: string
}

export interface RecoveryPoint {
  /** Absent where the source has no binary log. */
  readonly position?: BinlogPosition
  /** Absent where the source does not use GTIDs. */
  readonly gtid?: GtidState
  /** Commit time of the last transaction included or the time of the snapshot; microseconds since 1970-01-01 UTC. */
  readonly timeMicros: number
}
