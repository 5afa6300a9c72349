// `holdfast binlog compact`: fewer and larger objects for the small segments of an archive.
import { counted } from '../../core/counted.ts'
import { compactBinlogs } from '../../operations/compact-binlogs.ts'
import { repositoryAccess, requiredSource } from '../access.ts'
import type { VerbRun } from '../verb.ts'

export const run: VerbRun = async (context) => {
  const source = requiredSource(context)
  const report = await compactBinlogs({ access: repositoryAccess(context), source }, context.signal)
  const { packedSegments, packs, removedObjects } = report
  const packed =
    packs === 0
      ? `Of ${source}, too few small segments stand in a row to be put together.`
      : `Of ${source}, ${counted(packedSegments, 'segment')} were put together into ${counted(packs, 'object')}.`
  const removed =
    removedObjects === 0
      ? 'What they were made of goes a day later, when this is run again.'
      : `${counted(removedObjects, 'object')} that were put together a day ago or earlier ${removedObjects === 1 ? 'was' : 'were'} removed.`
  return {
    text: packs === 0 && removedObjects === 0 ? packed : `${packed}\n${removed}`,
    json: { source, ...report },
  }
}
