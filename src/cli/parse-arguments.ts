// From argv to a verb with its arguments and options: commander reads the words, the verb's table says which there are.
import { Command, CommanderError, Option } from 'commander'
import { formatBytes } from '../core/byte-size.ts'
import { HoldfastError } from '../core/errors.ts'
import { splitList } from '../core/name-list.ts'
import { parseByteCount } from './byte-count.ts'
import { renderOverview, renderVerbHelp } from './help.ts'
import type { NumberRange, OptionSpec, VerbSpec } from './verb.ts'
import { type OptionValue, VerbOptions } from './verb-options.ts'

export type ParsedCall =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'verb'
      readonly verb: VerbSpec
      readonly arguments: readonly (string | undefined)[]
      readonly options: VerbOptions
    }

type Environment = Readonly<Record<string, string | undefined>>

/** Throws USAGE with commander's reading of what is wrong, and a suggestion where one name is near. */
export function parseArguments(
  argv: readonly string[],
  verbs: readonly VerbSpec[],
  env: Environment,
): ParsedCall {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
  refusePasswords(words)
  const named = verbs.find((verb) => verb.name === words.slice(0, verb.name.split(' ').length).join(' '))
  if (named !== undefined && wantsHelp(named, words)) return { kind: 'help', text: renderVerbHelp(named) }
  if (words.length === 0 || words[0] === '--help' || words[0] === '-h') {
    return { kind: 'help', text: renderOverview(verbs) }
  }
  if (words[0] === '--version' || words[0] === '-V') return { kind: 'version' }
  const noun = words[0] ?? ''
  const under = verbs.filter((verb) => verb.name.startsWith(`${noun} `))
  if (under.length > 0 && (words.length === 1 || words[1] === '--help' || words[1] === '-h')) {
    return { kind: 'help', text: renderOverview(under) }
  }
  return readWords(words, verbs, env)
}

/** `-h` means the host, as in mysql, where a verb connects; there it asks for help only as the last word. */
function wantsHelp(verb: VerbSpec, words: readonly string[]): boolean {
  const end = words.indexOf('--')
  const before = end === -1 ? words : words.slice(0, end)
  const isHost = verb.options.some((option) => option.short === 'h')
  return before.includes('--help') || (isHost ? before.at(-1) === '-h' : before.includes('-h'))
}

/** `-pSECRET` and `--password=SECRET` show the secret to everybody who can list processes; mysql only warns. */
function refusePasswords(words: readonly string[]): void {
  if (!words.some((word) => /^-p.|^--password=/s.test(word))) return
  throw new HoldfastError(
    'USAGE',
    'a password on the command line can be read by every user of this machine',
    {},
    {
      hint: 'Use -p alone to be asked for it, or an option file (--defaults-file) or a login path (--login-path).',
    },
  )
}

function readWords(words: readonly string[], verbs: readonly VerbSpec[], env: Environment): ParsedCall {
  let call: ParsedCall | undefined
  const program = new Command('holdfast')
  quiet(program)
  for (const verb of verbs) {
    const command = commandFor(program, verb)
    command.action(() => {
      const values = Object.fromEntries(
        verb.options.map((option) => [option.name, readOption(command, option)]),
      )
      call = {
        kind: 'verb',
        verb,
        arguments: command.args.map((word): string | undefined => word),
        options: new VerbOptions(withEnvironment(values, verb, env)),
      }
    })
  }
  try {
    program.parse([...words], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) throw usageError(error, words, verbs)
    throw error
  }
  if (call === undefined) throw new HoldfastError('USAGE', 'no verb was given')
  return call
}

function commandFor(program: Command, verb: VerbSpec): Command {
  const [first = '', second] = verb.name.split(' ')
  let parent = program
  if (second !== undefined) {
    parent = program.commands.find((command) => command.name() === first) ?? quiet(program.command(first))
  }
  const command = quiet(parent.command(second ?? first))
  for (const argument of verb.arguments) {
    command.argument(argument.isRequired ? `<${argument.name}>` : `[${argument.name}]`)
  }
  for (const option of verb.options) command.addOption(optionFor(option))
  return command
}

function quiet(command: Command): Command {
  return command
    .exitOverride()
    .helpOption(false)
    .helpCommand(false)
    .allowExcessArguments(false)
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
}

/** Commander turns `--no-encryption` into `encryption = false`; here an option is what it is called. */
function readOption(command: Command, spec: OptionSpec): OptionValue {
  if (spec.name.startsWith('no-'))
    return command.getOptionValue(camelCase(spec.name.slice('no-'.length))) === false
  const value: unknown = command.getOptionValue(camelCase(spec.name))
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return Array.isArray(value) ? value.map(String) : undefined
}

function optionFor(spec: OptionSpec): Option {
  const short = spec.short === undefined ? '' : `-${spec.short}, `
  if (spec.kind === 'flag') return new Option(`${short}--${spec.name}`)
  const option = new Option(`${short}--${spec.name} <${spec.value}>`)
  if (spec.kind === 'list' || spec.kind === 'texts') {
    const split = spec.kind === 'list' ? splitList : (text: string) => [text]
    return option.argParser((text, previous: readonly string[] | undefined) => [
      ...(previous ?? []),
      ...split(text),
    ])
  }
  if (spec.kind === 'integer') return option.argParser((text) => parseInteger(spec.name, text, spec.range))
  if (spec.kind === 'bytes') return option.argParser((text) => parseBytes(spec.name, text, spec.range))
  const choices = spec.choices
  if (choices === undefined) return option
  return option.argParser((text) => parseChoice(spec.name, text, choices))
}

function parseInteger(
  name: string,
  text: string,
  { from, to = Number.MAX_SAFE_INTEGER }: NumberRange = { from: 0 },
): number {
  const value = Number(text)
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(value) && value >= from && value <= to) return value
  const bounds =
    to < Number.MAX_SAFE_INTEGER ? ` from ${from} to ${to}` : from > 0 ? ` of at least ${from}` : ''
  throw new HoldfastError('USAGE', `--${name} takes a whole number${bounds}, not '${text}'`, { option: name })
}

function parseBytes(name: string, text: string, { from }: NumberRange = { from: 0 }): number {
  const value = parseByteCount(text)
  if (value !== undefined && value >= from) return value
  throw new HoldfastError(
    'USAGE',
    `--${name} takes a number of bytes${from > 0 ? ` of at least ${formatBytes(from)}` : ''}, not '${text}'`,
    { option: name },
    { hint: `Write it as 50M, 500K or 1.5G: --${name} 50M` },
  )
}

function parseChoice(name: string, text: string, choices: readonly string[]): string {
  const found = choices.find((choice) => choice.toLowerCase() === text.toLowerCase())
  if (found !== undefined) return found
  throw new HoldfastError('USAGE', `--${name} is one of ${choices.join(', ')}, not '${text}'`, {
    option: name,
  })
}

function withEnvironment(
  values: Readonly<Record<string, OptionValue>>,
  verb: VerbSpec,
  env: Environment,
): Readonly<Record<string, OptionValue>> {
  const filled: Record<string, OptionValue> = { ...values }
  for (const option of verb.options) {
    const text = option.env === undefined ? undefined : env[option.env]
    if (filled[option.name] !== undefined || text === undefined || text === '') continue
    filled[option.name] = option.kind === 'list' ? splitList(text) : text
  }
  for (const option of verb.options) {
    if (option.kind === 'flag' || option.isRequired !== true || filled[option.name] !== undefined) continue
    const or = option.env === undefined ? '' : ` or ${option.env}`
    throw new HoldfastError('USAGE', `--${option.name} ${option.value}${or} is missing`, {
      option: option.name,
    })
  }
  return filled
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function usageError(
  error: CommanderError,
  words: readonly string[],
  verbs: readonly VerbSpec[],
): HoldfastError {
  const [first, suggestion] = error.message.replace(/^error: /, '').split('\n')
  const verb = verbs.find((verb) => `${words.join(' ')} `.startsWith(`${verb.name} `))
  const help = `See: holdfast ${verb === undefined ? '' : `${verb.name} `}--help`
  const near = suggestion?.replace(/^\(|\)$/g, '')
  return new HoldfastError(
    'USAGE',
    first?.replace(/\.$/, '') ?? 'the command line cannot be read',
    {},
    { hint: near === undefined ? help : `${near} ${help}` },
  )
}
