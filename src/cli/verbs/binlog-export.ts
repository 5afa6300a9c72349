// `holdfast binlog export`: a binary log file out of the archive.

import { formatBytes } from '../../core/byte-size.ts'
import { exportBinlog } from '../../operations/export-binlog.ts'
import { repositoryAccess, requiredSource } from '../access.ts'
import type { VerbRun } from '../verb.ts'

export const run: VerbRun = async (context) => {
  const { options, signal } = context
  const report = await exportBinlog(
    {
      access: repositoryAccess(context),
      source: requiredSource(context),
      file: options.required('file'),
      output: options.required('output'),
      timeline: options.text('timeline'),
    },
    signal,
  )
  const { file, output, sizeBytes, isComplete } = report
  const rest = isComplete ? '' : ' It is not at its end: the source may have written more since.'
  return {
    text: `${file} is in ${output}: ${formatBytes(sizeBytes)}, as the source wrote it.${rest}`,
    json: { ...report },
  }
}
