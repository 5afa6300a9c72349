// What a verb of the command line is: a table of its arguments, options, examples and exit codes, and the code behind it.
import type { EmitEvent } from '../core/events.ts'
import type { Prompt } from './prompt.ts'
import type { VerbOptions } from './verb-options.ts'

export const verbGroups = ['Start', 'Protect', 'See', 'Recover'] as const
export type VerbGroup = (typeof verbGroups)[number]

export interface ArgumentSpec {
  readonly name: string
  readonly isRequired: boolean
  readonly help: string
}

interface OptionBase {
  /** Long name without dashes, as in `ssl-mode`. */
  readonly name: string
  /** One letter, where MySQL users expect one. */
  readonly short?: string
  readonly help: string
  /** Heading in the help. */
  readonly group: string
  /** Environment variable that stands in when the option is absent. */
  readonly env?: string
}

/** The least and the greatest that is taken. */
export interface NumberRange {
  readonly from: number
  readonly to?: number
}

export type OptionSpec =
  | (OptionBase & { readonly kind: 'flag' })
  | (OptionBase & {
      /**
       * `list`: separated by commas, or given several times. `texts`: given several times. `integer`: a whole number. `bytes`: a number of
       * bytes, with or without a unit.
       */
      readonly kind: 'text' | 'list' | 'texts' | 'integer' | 'bytes'
      readonly value: string
      /** Of a number; from 0 by default. */
      readonly range?: NumberRange
      readonly choices?: readonly string[]
      readonly isRequired?: boolean
    })

export interface Example {
  readonly command: string
  readonly says: string
}

export interface VerbSpec {
  /** `backup`, or `binlog find` for a verb under a noun. */
  readonly name: string
  readonly group: VerbGroup
  /** One sentence without a full stop, for the list of verbs and the head of its help. */
  readonly summary: string
  /** Paragraphs that follow the examples. */
  readonly notes?: readonly string[]
  readonly examples: readonly Example[]
  readonly arguments: readonly ArgumentSpec[]
  readonly options: readonly OptionSpec[]
  /** Exit statuses this verb is known for, besides 0, 2, 70, 130 and 143. */
  readonly exits: readonly number[]
  /** With --json: one document, or JSON Lines while the work goes on. */
  readonly json: 'document' | 'lines'
  /** The code, imported only when the verb runs: `--help` must not load the engines. */
  readonly load: () => Promise<{ readonly run: VerbRun }>
}

export interface VerbContext {
  readonly arguments: readonly (string | undefined)[]
  readonly options: VerbOptions
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly emit: EmitEvent
  readonly prompt: Prompt
  /** Writes a line of talk (stderr). Silent with --quiet and --json. */
  readonly say: (line: string) => void
  /** Writes bytes to stdout, for what is a verb's product and not its answer. Throws FAILED when nobody reads them any more. */
  readonly writeOutput: (bytes: Uint8Array) => Promise<void>
}

/** What a verb answers. Verbs never print: main does, as text or as JSON. */
export interface VerbAnswer {
  /** For people, on stdout; '' prints nothing. */
  readonly text: string
  /** Adds colours to the text, when control characters in it have been made visible. */
  readonly paint?: (text: string) => string
  /** For programs, with --json. Fields are only ever added. */
  readonly json: Readonly<Record<string, unknown>>
  /** When it is not simply 0, or 3 after a warning. */
  readonly exit?: number
}

export type VerbRun = (context: VerbContext) => Promise<VerbAnswer>
