// `holdfast verify`: every damage by name, or one sentence that tells what was looked at.
import { counted } from '../../core/counted.ts'
import { errorCodes } from '../../core/error-codes.table.ts'
import { type VerifyReport, verifyRepository } from '../../operations/verify-repository.ts'
import { namedSource, repositoryAccess } from '../access.ts'
import { formatBytes } from '../output/byte-size.ts'
import { groupDigits } from '../output/progress-text.ts'
import type { VerbRun } from '../verb.ts'

export const run: VerbRun = async (context) => {
  const { options, emit, signal } = context
  const access = repositoryAccess(context)
  const readData = options.flag('read-data')
  const reports = await verifyRepository({ access, source: namedSource(context), readData }, { emit, signal })
  for (const { source, warnings } of reports) {
    for (const warning of warnings)
      emit({ type: 'notice', level: 'warning', message: `${source}: ${warning}` })
  }
  const damaged = reports.filter((report) => report.problems.length > 0)
  const text =
    reports.length === 0
      ? 'The repository is empty: there is nothing to check.'
      : reports.map(describe).join('\n')
  const json = { isIntact: damaged.length === 0, sources: reports }
  if (damaged.length === 0) return { text, json }
  return { text: `${text}\n${errorCodes.VERIFY_FAILED.hint}`, json, exit: errorCodes.VERIFY_FAILED.exit }
}

function describe(report: VerifyReport): string {
  const { source, checked, problems, isDataRead, isDecrypted } = report
  const looked = [
    counted(checked.backups, 'backup'),
    `${counted(checked.packs, 'pack')} (${formatBytes(checked.packBytes)})`,
    `${counted(checked.segments, 'segment')} of binary log (${formatBytes(checked.segmentBytes)})`,
  ].join(', ')
  if (problems.length === 0) {
    const depth = isDataRead
      ? `every byte was read and ${groupDigits(checked.chunksRead)} chunks were hashed again`
      : isDecrypted
        ? 'all is there in its right size; --read-data also reads every byte'
        : 'all is there in its right size; with --identity the backups themselves are read'
    const { orphanPacks } = checked
    const orphans =
      orphanPacks === 0
        ? ''
        : `\n  ${counted(orphanPacks, 'pack')} of these belong${orphanPacks === 1 ? 's' : ''} to no backup: left by one that did not end, or by one whose manifest was deleted.`
    return `What ${source} has is intact: ${looked}; ${depth}.${orphans}`
  }
  const lines = problems.map(({ object, problem, affected }) => {
    const cost = affected.length === 0 ? '' : `; this affects ${affected.join(', ')}`
    return `  ${object}: ${problem}${cost}`
  })
  return [`${source} is DAMAGED: ${counted(problems.length, 'problem')} in ${looked}:`, ...lines].join('\n')
}
