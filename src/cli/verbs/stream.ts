// `holdfast stream`: keeps the binary log until it is stopped or has caught up, and tells how far it came.

import { formatBytes } from '../../core/byte-size.ts'
import { counted } from '../../core/counted.ts'
import { latencyText } from '../../core/latency-text.ts'
import {
  type AcknowledgementSummary,
  type SafePlaceName,
  safePlaces,
  streamInstance,
} from '../../operations/stream-instance.ts'
import { connectionSettings, repositoryAccess, sourceName } from '../access.ts'
import { groupDigits } from '../output/progress-text.ts'
import type { VerbRun } from '../verb.ts'
import type { VerbOptions } from '../verb-options.ts'

export const run: VerbRun = async (context) => {
  const { options, emit, signal } = context
  const settings = await connectionSettings(context, context.arguments[0])
  const source = sourceName(context, settings)
  const summary = await streamInstance(
    {
      access: repositoryAccess(context),
      settings,
      source,
      untilCaughtUp: options.flag('until-caught-up'),
      acknowledgeAfter: acknowledgeAfter(options),
      startNewTimeline: options.flag('new-timeline'),
      fromBackup: options.text('from-backup'),
      spool: options.text('spool'),
      spoolBytes: options.bytes('spool-size'),
      compact: !options.flag('no-compact'),
      metricsFile: options.text('metrics-file'),
      sealSeconds: options.integer('seal-seconds'),
    },
    { emit, signal },
  )
  const { position, segments, bytes, stopped } = summary
  const added = `${groupDigits(segments)} ${segments === 1 ? 'segment' : 'segments'}, ${formatBytes(bytes)}, new`
  const place =
    position === undefined ? 'nothing yet' : `everything before ${position.file}:${position.offset}`
  const told = summary.acknowledged
  const text = [
    `${stopped === 'caught-up' ? 'Caught up' : 'Stopped'}: of ${source}, ${place} is in the repository (${added}).`,
    ...(told === undefined ? [] : [acknowledgedText(told)]),
    `Next: holdfast restore ${source} --to latest --target mysql://user@host/ --dry-run`,
  ]
  return { text: text.join('\n'), json: { source, ...summary } }
}

/** Naming a place asks for acknowledgements by itself. */
function acknowledgeAfter(options: VerbOptions): SafePlaceName | undefined {
  const place = safePlaces.find((name) => name === options.text('ack-after'))
  return place ?? (options.flag('semi-sync') ? 'spool' : undefined)
}

function acknowledgedText({ commits, sent }: AcknowledgementSummary): string {
  return (
    `Acknowledged ${counted(commits.count, 'commit')} in ${counted(sent, 'group')}: ` +
    `half within ${latencyText(commits.p50Ms)}, 99 % within ${latencyText(commits.p99Ms)}, all within ${latencyText(commits.maxMs)}.`
  )
}
