// `holdfast doctor`: one line a check, and what to do about those that are not ok.
import { styleText } from 'node:util'
import { counted } from '../../core/counted.ts'
import { type DoctorCheck, doctorInstance } from '../../operations/doctor-instance.ts'
import { connectionSettings } from '../access.ts'
import { visibleLine } from '../output/visible-text.ts'
import type { VerbRun } from '../verb.ts'

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const

export const run: VerbRun = async (context) => {
  const settings = await connectionSettings(context, context.arguments[0])
  const { server, checks } = await doctorInstance(settings, {
    isSemiSyncWanted: context.options.flag('semi-sync'),
    signal: context.signal,
  })
  const failed = checks.filter((check) => check.status === 'fail').length
  const warned = checks.filter((check) => check.status === 'warn').length
  const width = Math.max(...checks.map((check) => check.name.length))
  const text = [
    `${server}:`,
    ...checks.flatMap((check) => describe(check, width)),
    '',
    verdict(failed, warned),
  ].join('\n')
  const status = failed > 0 ? 'fail' : warned > 0 ? 'warn' : 'ok'
  return { text, paint, json: { server, status, checks }, exit: failed > 0 ? 1 : warned > 0 ? 3 : 0 }
}

function describe({ name, status, message, hint }: DoctorCheck, width: number): readonly string[] {
  const line = `  ${status.padEnd(4)}  ${name.padEnd(width)}  ${visibleLine(message)}`
  return hint === undefined ? [line] : [line, `${' '.repeat(width + 10)}${visibleLine(hint)}`]
}

/** stdout decides about colour: this is the answer, and may go into a file. */
function paint(text: string): string {
  return text.replaceAll(/^ {2}(ok|warn|fail)(?= )/gm, (_, status: DoctorCheck['status']) => {
    return `  ${styleText(colours[status], status, { stream: process.stdout })}`
  })
}

function verdict(failed: number, warned: number): string {
  if (failed > 0)
    return `${counted(failed, 'check')} failed: recovery will not work as it should until that is mended.`
  if (warned > 0) return `Nothing stands in the way; ${counted(warned, 'warning')} above.`
  return 'Nothing stands in the way. Next: holdfast backup with the same connection.'
}
