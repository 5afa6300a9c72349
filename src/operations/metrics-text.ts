// What an archiver says of itself as Prometheus reads it: for the textfile collector of node_exporter.
import type { ArchiverState } from './archiver-state.ts'

/** The text exposition format, version 0.0.4. Times in seconds since 1970, spans in seconds. */
export function metricsText(source: string, state: ArchiverState): string {
  const label = `{instance_name="${source.replaceAll(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))}"}`
  const lines: string[] = []
  const metric = (name: string, type: 'gauge' | 'counter', help: string, value: number | undefined): void => {
    if (value === undefined) return
    const full = `holdfast_archiver_${name}`
    lines.push(`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, `${full}${label} ${value}`)
  }
  const { semiSync, acknowledged, spool } = state
  metric(
    'up',
    'gauge',
    'Whether the archiver runs, as of the last word of it.',
    state.ended === undefined ? 1 : 0,
  )
  metric('last_word_timestamp_seconds', 'gauge', 'When this was written.', state.writtenAtMs / 1000)
  metric('start_timestamp_seconds', 'gauge', 'When the archiver began.', state.startedAtMs / 1000)
  metric('received_bytes_total', 'counter', 'Bytes of events taken from the source.', state.receivedBytes)
  metric('segments_total', 'counter', 'Segments put into the repository.', state.segments)
  metric(
    'last_segment_timestamp_seconds',
    'gauge',
    'When the last segment was put.',
    state.lastPutAtMs === undefined ? undefined : state.lastPutAtMs / 1000,
  )
  metric('spool_bytes', 'gauge', 'Bytes of events that wait for the repository.', spool.usedBytes)
  metric('spool_limit_bytes', 'gauge', 'How many may wait.', spool.limitBytes)
  metric('held', 'gauge', 'Whether the source is held back for want of room.', Number(spool.isHeld))
  metric(
    'repository_away',
    'gauge',
    'Whether the repository is away.',
    Number(state.awaySinceMs !== undefined),
  )
  metric(
    'commits_acknowledged_total',
    'counter',
    'Commits acknowledged to the source.',
    acknowledged?.commits.count,
  )
  metric(
    'acknowledgements_total',
    'counter',
    'Acknowledgements sent; one may stand for many commits.',
    acknowledged?.sent,
  )
  if (acknowledged !== undefined) {
    const name = 'holdfast_archiver_acknowledge_seconds'
    lines.push(`# HELP ${name} How long commits waited, from their arrival.`, `# TYPE ${name} gauge`)
    for (const [quantile, ms] of [
      ['0.5', acknowledged.commits.p50Ms],
      ['0.99', acknowledged.commits.p99Ms],
      ['1', acknowledged.commits.maxMs],
    ] as const)
      lines.push(`${name}${label.slice(0, -1)},quantile="${quantile}"} ${ms / 1000}`)
  }
  metric(
    'source_waits',
    'gauge',
    'Whether the source waits for the archive with its commits.',
    semiSync && Number(semiSync.isWaiting),
  )
  metric(
    'fallbacks_total',
    'counter',
    'How often the source fell back to asynchronous replication.',
    semiSync?.fallbacks,
  )
  metric(
    'unacknowledged_commits_total',
    'counter',
    'Commits that went without an acknowledgement.',
    semiSync?.unacknowledged,
  )
  return `${lines.join('\n')}\n`
}
