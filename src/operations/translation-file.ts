// The report of a translation as a file: Markdown for people, or JSON.
import { writeFile } from 'node:fs/promises'
import { counted } from '../core/counted.ts'
import { HoldfastError } from '../core/errors.ts'
import type { TranslationEntry } from '../logical/translate/report.ts'
import type { Translation } from './translate-parts.ts'

const headings: Readonly<Record<TranslationEntry['severity'], string>> = {
  dropped: 'Not carried',
  changed: 'Carried in another form',
  differs: 'Carried, and acts otherwise',
}

/** @throws HoldfastError CONFIG_INVALID where the file cannot be written */
export async function writeTranslation(file: string, translation: Translation): Promise<void> {
  const text = file.toLowerCase().endsWith('.json')
    ? `${JSON.stringify(translation, undefined, 2)}\n`
    : markdownOf(translation)
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `the report cannot be written to ${file}`,
      { file },
      { cause: error },
    )
  }
}

export function markdownOf({ from, to, entries }: Translation): string {
  const parts = (['dropped', 'changed', 'differs'] as const).flatMap((severity) => {
    const own = entries.filter((entry) => entry.severity === severity)
    if (own.length === 0) return []
    return [
      `## ${headings[severity]} (${own.length})`,
      [
        '| object | what |',
        '|---|---|',
        ...own.map(({ object, what }) => `| ${cell(object)} | ${cell(what)} |`),
      ].join('\n'),
    ]
  })
  const sum =
    entries.length === 0
      ? 'Everything is as it was.'
      : `${counted(entries.length, 'thing')} ${entries.length === 1 ? 'is' : 'are'} not as before.`
  return `${[`# From ${from} to ${to}`, sum, ...parts].join('\n\n')}\n`
}

/** Names of objects may hold anything. */
function cell(text: string): string {
  return text.replaceAll(/\s/g, ' ').replaceAll(/[\\|`*_<[]/g, String.raw`\$&`)
}
