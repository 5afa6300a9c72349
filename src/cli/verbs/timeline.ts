// `holdfast timeline`: the history of an instance over one axis of time, with each break of it in words below.
import { counted } from '../../core/counted.ts'
import { describePoint } from '../../core/point-text.ts'
import { type ArchiveProof, proveArchive, type TimelineProof } from '../../operations/prove-archive.ts'
import { repositoryAccess, requiredSource } from '../access.ts'
import { describeHole } from '../output/describe-hole.ts'
import { type DrawnTimeline, drawTimelines, legend } from '../output/draw-timelines.ts'
import { formatTime } from '../output/time.ts'
import type { VerbRun } from '../verb.ts'

const defaultWidth = 100

export const run: VerbRun = async (context) => {
  const { options, emit, signal } = context
  const source = requiredSource(context)
  const access = repositoryAccess(context)
  const proof = await proveArchive({ access, source, readData: false }, { emit, signal })
  for (const { id, problem } of proof.backups) {
    if (problem !== undefined) emit({ type: 'notice', level: 'warning', message: `backup ${id}: ${problem}` })
  }
  const { backups, timelines, holes, windows } = proof
  const drawing = {
    backups: backups.flatMap(({ point }) => point?.timeMicros ?? []),
    timelines: timelines.map((timeline) => drawn(timeline, proof)),
  }
  const width = options.integer('width') ?? defaultWidth
  const text = [
    `${source}: ${counted(backups.length, 'backup')}, ${counted(timelines.length, 'timeline')}, ${counted(holes.length, 'hole')}`,
    ...drawTimelines(drawing, width, (micros) => formatTime(micros / 1000)),
    ...(timelines.length === 0 ? [] : [legend.slice(0, width), '']),
    ...timelines.map(describeTimeline),
    ...holes.map((hole) => `Hole in ${describeHole(hole)}.`),
    ...windows.map(
      ({ from, to, backups: [oldest] }) =>
        `Can be recovered: every commit from ${describePoint(from)} to ${describePoint(to)}, from backup ${oldest} on.`,
    ),
    timelines.length === 0
      ? `Next: holdfast stream URL --name ${source}`
      : `Next: holdfast verify ${source} --archive --read-data`,
  ]
  return { text: text.join('\n'), json: { source, backups, timelines, holes, windows } }
}

function drawn({ timeline, from, to }: TimelineProof, { holes, windows }: ArchiveProof): DrawnTimeline {
  const ofTimeline = (each: { readonly timeline?: string }): boolean => each.timeline === timeline
  return {
    name: timeline,
    from: from.timeMicros,
    to: to.timeMicros,
    recoverable: windows
      .filter((window) => ofTimeline(window) || window.through?.some(ofTimeline) === true)
      .map((window) => ({ from: window.from.timeMicros, to: window.to.timeMicros })),
    holes: holes
      .filter(ofTimeline)
      .map((hole) => ({ from: hole.fromMicros ?? from.timeMicros, to: hole.toMicros ?? to.timeMicros })),
  }
}

function describeTimeline({ timeline, origin, from, to, transactions, server }: TimelineProof): string {
  const who = server.flavour === 'mysql' ? `server ${server.serverUuid ?? ''}` : `server ${server.serverId}`
  const why = origin === undefined ? 'its beginning is missing' : origin.reason
  return `${timeline}: ${counted(transactions, 'transaction')} of ${who}, ${describePoint(from)} to ${describePoint(to)}; began: ${why}.`
}
