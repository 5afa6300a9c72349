// Prints the times and the memory of both sides of a comparison.
import { type Measurement, median } from './measure.ts'

/** Runs are compared in pairs, since a machine may be slower at one time than at another. */
export function report(
  work: string,
  peer: string,
  theirs: readonly Measurement[],
  ours: readonly Measurement[],
): void {
  const ratios = theirs.map((run, index) => run.seconds / (ours[index]?.seconds ?? Number.NaN))
  process.stdout.write(
    `${work}\n${line(peer, theirs)}${line('holdfast', ours)}` +
      `  holdfast is ${median(ratios).toFixed(2)} times as fast (pairs: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})\n`,
  )
}

export function mebibytes(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(bytes < 10 * 1024 ** 2 ? 1 : 0)
}

function line(name: string, runs: readonly Measurement[]): string {
  const seconds = median(runs.map((run) => run.seconds))
  const peak = Math.max(...runs.map((run) => run.peakBytes))
  const cpu = runs.map((run) => run.serverCpuSeconds).filter((spent) => spent !== undefined)
  const server = cpu.length === 0 ? '' : `   server CPU ${median(cpu).toFixed(2)} s`
  return `  ${name.padEnd(24)} ${seconds.toFixed(2).padStart(8)} s   peak ${mebibytes(peak)} MiB${server}\n`
}
