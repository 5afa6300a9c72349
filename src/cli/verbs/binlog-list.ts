// `holdfast binlog list`: the files in the archive, and where it has gaps.

import { formatBytes } from '../../core/byte-size.ts'
import { listBinlogs } from '../../operations/list-binlogs.ts'
import { repositoryAccess, requiredSource } from '../access.ts'
import { groupDigits } from '../output/progress-text.ts'
import { formatTable } from '../output/table.ts'
import { formatTime } from '../output/time.ts'
import type { VerbRun } from '../verb.ts'

export const run: VerbRun = async (context) => {
  const source = requiredSource(context)
  const listing = await listBinlogs({ access: repositoryAccess(context), source }, context.signal)
  const json = { source, ...listing }
  if (listing.files.length === 0) {
    return {
      text: `${source} has no binary logs in the archive.\nNext: holdfast stream URL --name ${source}`,
      json,
    }
  }
  const table = formatTable(
    [
      { title: 'TIMELINE' },
      { title: 'FILE' },
      { title: 'SIZE', isNumber: true },
      { title: 'TRANSACTIONS', isNumber: true },
      { title: 'LAST COMMIT' },
      { title: 'NOTE' },
    ],
    listing.files.map((file) => [
      file.timeline,
      file.file,
      formatBytes(file.sizeBytes),
      groupDigits(file.transactions),
      file.lastTimeMicros === 0 ? '' : formatTime(file.lastTimeMicros / 1000),
      file.isComplete ? '' : 'so far',
    ]),
  )
  const gaps = listing.gaps.map(
    ({ timeline, after, reason }) => `Gap in ${timeline} after ${after.file}:${after.offset}: ${reason}.`,
  )
  return { text: [table, ...gaps, `Next: holdfast binlog find ${source}`].join('\n'), json }
}
