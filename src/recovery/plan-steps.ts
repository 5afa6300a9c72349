// A plan in words: the steps a person would follow, one line each.
import { counted } from '../core/counted.ts'
import { describePoint, isoMicros } from '../core/point-text.ts'
import type { PlannedTransaction, ReplayLeg, RestorePlan } from './restore-plan.ts'

/** One sentence a step, in the order they happen. */
export function describeSteps(plan: Omit<RestorePlan, 'steps'>): string[] {
  const { base, replay, end, estimate } = plan
  const steps = [
    `${base.kind === 'physical' ? 'Write the files of' : 'Load'} ${base.kind} backup ${base.id} (${base.method}), which holds ${base.isPartial === true ? 'a part of the instance as of' : 'everything up to'} ${describePoint(base.point)}`,
  ]
  const seconds = Math.ceil(estimate.loadSeconds + estimate.replaySeconds)
  const duration = `This may take about ${seconds} s (an estimate from sizes)`
  if (base.kind === 'physical')
    steps.push('Have a server of our own recover them, which nobody else can reach')
  if (replay === undefined) return [...steps, 'Replay nothing: the backup is the wanted state', duration]
  const { legs, transactions, skip, alreadyInBase, next, last } = replay
  steps.push(
    `Replay ${counted(transactions, 'transaction')} of the archived binary logs ${legs.map((leg) => describeLeg(leg, legs.length > 1)).join(', then ')}`,
  )
  for (const { gtid, file, start, timeMicros } of skip) {
    steps.push(`Leave out transaction ${gtid} (${file}:${start}, ${isoMicros(timeMicros)})`)
  }
  if (alreadyInBase !== undefined) {
    steps.push(`Leave out ${counted(alreadyInBase.transactions, 'transaction')} that the backup already has`)
  }
  if (last !== undefined) steps.push(`The last transaction applied is ${describeTransaction(last)}`)
  if (next !== undefined) steps.push(`Stop right before ${describeTransaction(next)}`)
  if (end.gtid !== undefined)
    steps.push(`Check that the target then stands at GTID ${end.gtid.text || '(none)'}`)
  return [...steps, duration]
}

function describeLeg({ timeline, from, until }: ReplayLeg, isOneOfMany: boolean): string {
  const which = isOneOfMany ? `of timeline ${timeline} ` : ''
  return `${which}from ${from.file}:${from.offset} to ${until.file}:${until.offset}`
}

function describeTransaction({ gtid, file, start, timeMicros }: PlannedTransaction): string {
  return `${gtid === undefined ? '' : `${gtid} at `}${file}:${start}, committed ${isoMicros(timeMicros)}`
}
