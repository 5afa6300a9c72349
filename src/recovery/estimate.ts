// How long a restore may take: sizes over rates that were measured once. A guess, and marked as one.
import type { RestoreEstimate } from './restore-plan.ts'

// Measured with 776 MB of sysbench text on two cores: parallel LOAD with deferred indexes took 23.4 s, so 33 MB/s.
const loadBytesPerSecond = 33_000_000
// Measured with 50 MB of small transactions (two inserts and an update each): 14.1 s on MySQL, so 3.5 MB/s. MariaDB is faster;
// large transactions are faster on both. An estimate that is kept is worth more than one that flatters.
const replayBytesPerSecond = 3_500_000

/** Seconds to load a base of `baseBytes` and to replay `replayBytes` of binary log. */
export function estimateRestore(baseBytes: number, replayBytes: number): RestoreEstimate {
  return {
    isEstimate: true,
    loadSeconds: baseBytes / loadBytesPerSecond,
    replaySeconds: replayBytes / replayBytesPerSecond,
    loadBytesPerSecond,
    replayBytesPerSecond,
  }
}
