// `holdfast stream`: keeps the binary log until it is stopped or has caught up, and tells how far it came.
import { streamInstance } from '../../operations/stream-instance.ts'
import { connectionSettings, repositoryAccess, sourceName } from '../access.ts'
import { formatBytes } from '../output/byte-size.ts'
import { groupDigits } from '../output/progress-text.ts'
import type { VerbRun } from '../verb.ts'

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
      semiSync: options.flag('semi-sync'),
      startNewTimeline: options.flag('new-timeline'),
      spool: options.text('spool'),
      sealSeconds: options.integer('seal-seconds'),
    },
    { emit, signal },
  )
  const { position, segments, bytes, stopped } = summary
  const added = `${groupDigits(segments)} ${segments === 1 ? 'segment' : 'segments'}, ${formatBytes(bytes)}, new`
  const place =
    position === undefined ? 'nothing yet' : `everything before ${position.file}:${position.offset}`
  const text = [
    `${stopped === 'caught-up' ? 'Caught up' : 'Stopped'}: of ${source}, ${place} is in the repository (${added}).`,
    `Next: holdfast restore ${source} --to latest --target mysql://user@host/ --dry-run`,
  ]
  return { text: text.join('\n'), json: { source, ...summary } }
}
