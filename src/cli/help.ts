// Help texts, drawn from the verbs' tables: examples first, then options by group, then exit statuses.
import { commonExits, exitStatuses } from './exit-statuses.table.ts'
import { type OptionSpec, type VerbSpec, verbGroups } from './verb.ts'

const width = 100

/** The list of verbs by group, for `holdfast` alone and `holdfast --help`. */
export function renderOverview(verbs: readonly VerbSpec[]): string {
  const nameWidth = Math.max(...verbs.map((verb) => verb.name.length)) + 2
  const groups = verbGroups.flatMap((group) => {
    const lines = verbs
      .filter((verb) => verb.group === group)
      .map((verb) => `  ${verb.name.padEnd(nameWidth)}${verb.summary}`)
    return lines.length === 0 ? [] : [`${group}:`, ...lines, '']
  })
  return [
    'Holdfast: backup and recovery for MySQL and MariaDB.',
    '',
    'Examples:',
    '  holdfast init --repository /backup --identity-out recovery.key',
    '  holdfast backup mysql://root@db1/ --repository /backup',
    '  holdfast restore db1 --repository /backup --to latest --target mysql://root@db2/ --identity recovery.key',
    '',
    ...groups,
    'holdfast VERB --help tells each one, holdfast --version the version.',
  ].join('\n')
}

export function renderVerbHelp(verb: VerbSpec): string {
  return [
    `holdfast ${verb.name}: ${verb.summary}.`,
    '',
    'Examples:',
    ...verb.examples.flatMap((example) => [`  ${example.says}:`, `    ${example.command}`]),
    '',
    ...(verb.notes ?? []).flatMap((note) => [...wrap(note, width, ''), '']),
    `Usage: ${usageLine(verb)}`,
    ...argumentLines(verb),
    ...optionLines(verb.options),
    '',
    'Exit status:',
    ...exitsOf(verb).map((exit) => `  ${String(exit).padStart(3)}  ${exitStatuses[exit]}`),
  ].join('\n')
}

/** Every exit status of a verb, in order. */
export function exitsOf(verb: VerbSpec): readonly number[] {
  return [...new Set([...commonExits, 1, ...verb.exits])].toSorted((a, b) => a - b)
}

export function usageLine(verb: VerbSpec): string {
  const words = verb.arguments.map((argument) => (argument.isRequired ? argument.name : `[${argument.name}]`))
  return ['holdfast', verb.name, ...words, '[options]'].join(' ')
}

/** `-h, --host HOST` */
export function optionTitle(option: OptionSpec): string {
  const short = option.short === undefined ? '' : `-${option.short}, `
  return `${short}--${option.name}${option.kind === 'flag' ? '' : ` ${option.value}`}`
}

/** The help of an option with its choices and its variable. */
export function optionHelp(option: OptionSpec): string {
  const choices = option.kind === 'flag' || option.choices === undefined ? [] : [option.choices.join(' | ')]
  const range =
    option.kind === 'flag' || option.range?.to === undefined
      ? []
      : [`${option.range.from} to ${option.range.to}`]
  const env = option.env === undefined ? [] : [`or ${option.env}`]
  const extra = [...choices, ...range, ...env]
  return extra.length === 0 ? option.help : `${option.help} (${extra.join('; ')})`
}

function argumentLines(verb: VerbSpec): readonly string[] {
  if (verb.arguments.length === 0) return []
  return ['', ...verb.arguments.flatMap((argument) => item(argument.name, argument.help))]
}

function optionLines(options: readonly OptionSpec[]): readonly string[] {
  const groups = [...new Set(options.map((option) => option.group))]
  return groups.flatMap((group) => [
    '',
    `${group}:`,
    ...options
      .filter((option) => option.group === group)
      .flatMap((option) => item(optionTitle(option), optionHelp(option))),
  ])
}

function item(title: string, text: string): readonly string[] {
  const indent = 26
  const lines = wrap(text, width - indent, ' '.repeat(indent))
  const [first = '', ...rest] = lines
  if (title.length > indent - 4) return [`  ${title}`, ...lines]
  return [`  ${title.padEnd(indent - 2)}${first.trimStart()}`, ...rest]
}

function wrap(text: string, lineWidth: number, indent: string): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > lineWidth) {
      lines.push(indent + line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, indent + line]
}
