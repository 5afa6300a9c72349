// Restores what was translated for another kind of server, and reports what is not as it was: before the load, and with what the target refused.
import { counted } from '../core/counted.ts'
import type { EmitEvent } from '../core/events.ts'
import { mendTable } from '../logical/translate/mend-table.ts'
import { relaxChecks } from '../logical/translate/relax-checks.ts'
import { entryText, type TranslationEntry } from '../logical/translate/report.ts'
import type { RestorePlan } from '../recovery/restore-plan.ts'
import { explainRefusal } from './explain-refusal.ts'
import type { RestoreOutcome } from './restore-instance.ts'
import { type PartsOptions, restoreParts } from './restore-parts.ts'
import {
  entryOfWarning,
  type TranslatedParts,
  type Translation,
  type TranslationRequest,
} from './translate-parts.ts'
import { writeTranslation } from './translation-file.ts'

export type TranslatedOptions = Omit<PartsOptions, 'plan' | 'reshaped' | 'onRefused' | 'relax' | 'mend'>

/** Throws what loading and comparing throw; the report is in its file also then. */
export async function restoreTranslated(
  plan: RestorePlan,
  { parts, translation }: TranslatedParts,
  options: TranslatedOptions,
  { reportFile }: TranslationRequest,
): Promise<Extract<RestoreOutcome, { kind: 'restored' }>> {
  const { emit = () => undefined } = options
  const refused: TranslationEntry[] = []
  const onRefused = (object: string, error: Error): void => {
    refused.push({ object, what: `the target does not take it: ${error.message}`, severity: 'dropped' })
  }
  // Now, for a load may fail; and a file that cannot be written is no reason to stop one that is under way.
  await tellTranslation(translation, { reportFile }, emit)
  const report = await restoreParts(plan, {
    ...options,
    ...parts,
    onRefused,
    relax: relaxChecks,
    mend: mendTable,
  }).catch((error: unknown) => {
    // Among other rows it may as well be one of those that has the key.
    throw parts.plan.onExisting === 'append' ? error : explainRefusal(error, parts.reshaped.content)
  })
  const { changes = [], warnings = [] } = report.loaded ?? {}
  const late = [...changes, ...refused, ...warnings.map(entryOfWarning)]
  const whole = { ...translation, entries: [...translation.entries, ...late] }
  emitEntries(late, reportFile, emit)
  if (reportFile !== undefined) await writeTranslation(reportFile, whole)
  return { kind: 'restored', plan, report, translation: whole }
}

/** As warnings, and into the file. */
export async function tellTranslation(
  translation: Translation,
  { reportFile }: Pick<TranslationRequest, 'reportFile'>,
  emit: EmitEvent,
): Promise<void> {
  emitEntries(translation.entries, reportFile, emit)
  if (reportFile !== undefined) await writeTranslation(reportFile, translation)
}

// More than that nobody reads on a terminal.
const shownEntries = 50

function emitEntries(
  entries: readonly TranslationEntry[],
  reportFile: string | undefined,
  emit: EmitEvent,
): void {
  const warn = (message: string): void => emit({ type: 'notice', level: 'warning', message })
  for (const entry of entries.slice(0, shownEntries)) warn(entryText(entry))
  const more = entries.length - shownEntries
  if (more <= 0) return
  warn(
    `${counted(more, 'more thing')} ${more === 1 ? 'is' : 'are'} not as before: ${reportFile === undefined ? 'see them all with --report FILE' : `see ${reportFile}`}`,
  )
}
