// The pages of docs/reference/, drawn from the tables of verbs, options, exit statuses and errors.
import { commonExits, exitStatuses } from '../src/cli/exit-statuses.table.ts'
import { exitsOf, optionHelp, optionTitle, usageLine } from '../src/cli/help.ts'
import { type VerbSpec, verbGroups } from '../src/cli/verb.ts'
import { verbs } from '../src/cli/verbs.table.ts'
import { errorCodes } from '../src/core/error-codes.table.ts'

const generated = '<!-- Generated from the tables in src/ by scripts/reference.ts; do not edit. -->'

/** File name and text of every page. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['cli.md', commandLine()],
    ['exit-codes.md', exitCodes()],
    ['errors.md', errors()],
  ])
}

function commandLine(): string {
  const contents = verbGroups.map((group) => {
    const names = verbs.filter((verb) => verb.group === group).map((verb) => link(verb))
    return `- ${group}: ${names.join(', ')}`
  })
  return page([
    '# Command line',
    '',
    '`holdfast VERB [arguments] [options]`. The answer goes to stdout, the talk to stderr. With `--json` stdout holds one JSON',
    'document, or JSON Lines with a `type` (`phase`, `progress`, `notice`, `result`, `error`) for long work; failures are JSON',
    'there too. Fields are only ever added.',
    '',
    ...contents,
    '',
    ...verbs.flatMap(verbSection),
  ])
}

function link(verb: VerbSpec): string {
  return `[${verb.name}](#holdfast-${verb.name.replaceAll(' ', '-')})`
}

function verbSection(verb: VerbSpec): readonly string[] {
  const groups = [...new Set(verb.options.map((option) => option.group))]
  return [
    `## holdfast ${verb.name}`,
    '',
    `${verb.summary[0]?.toUpperCase()}${verb.summary.slice(1)}.`,
    '',
    ...(verb.notes ?? []).flatMap((note) => [note, '']),
    '```console',
    ...verb.examples.flatMap((example) => [`# ${example.says}`, `$ ${example.command}`]),
    '```',
    '',
    `Usage: \`${usageLine(verb)}\`. With \`--json\`: ${verb.json === 'lines' ? 'JSON Lines' : 'one document'}.`,
    '',
    '| | |',
    '|---|---|',
    ...verb.arguments.map((argument) => row(`\`${argument.name}\``, argument.help)),
    ...groups.flatMap((group) => [
      row(`**${group}**`, ''),
      ...verb.options
        .filter((option) => option.group === group)
        .map((option) => row(`\`${optionTitle(option)}\``, optionHelp(option))),
    ]),
    '',
    `Exit statuses: ${exitsOf(verb).join(', ')} ([meaning](exit-codes.md)).`,
    '',
  ]
}

function exitCodes(): string {
  return page([
    '# Exit statuses',
    '',
    `Scripts can rely on these. Every verb can end with ${commonExits.join(', ')}; its help names the others.`,
    '',
    '| status | meaning | errors |',
    '|---|---|---|',
    ...Object.entries(exitStatuses).map(([status, meaning]) => {
      const codes = Object.entries(errorCodes)
        .filter(([, entry]) => entry.exit === Number(status))
        .map(([code]) => `[${code}](errors.md#${code.toLowerCase()})`)
      return row(status, meaning, codes.join(' '))
    }),
  ])
}

function errors(): string {
  return page([
    '# Errors',
    '',
    'Every failure has one of these codes: `code` in JSON. The message tells what happened; the hint below tells what to do',
    'next, unless the place that failed knows better.',
    '',
    ...Object.entries(errorCodes).flatMap(([code, entry]) => [
      `## ${code}`,
      '',
      `${entry.hint} (exit status ${entry.exit})`,
      '',
    ]),
  ])
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function page(lines: readonly string[]): string {
  return `${[generated, '', ...lines].join('\n').trimEnd()}\n`
}
