// One call of the command line: parse, run the verb, print its answer or its error, and tell the exit status.

import { type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { HoldfastEvent } from '../core/events.ts'
import { asHoldfastError, type CallNames, errorJson, errorText } from './error-report.ts'
import type { EventPrinter, TextOutput } from './output/event-printer.ts'
import { jsonPrinter, toJson } from './output/json-output.ts'
import { linePrinter } from './output/line-printer.ts'
import { statusRegion } from './output/status-region.ts'
import { visiblePrinter, visibleText } from './output/visible-text.ts'
import { type ParsedCall, parseArguments } from './parse-arguments.ts'
import type { Prompt } from './prompt.ts'
import type { VerbAnswer, VerbSpec } from './verb.ts'

/** What a call needs of the process around it. */
export interface CallContext {
  readonly verbs: readonly VerbSpec[]
  readonly env: NodeJS.ProcessEnv
  readonly stdout: TextOutput
  readonly stderr: TextOutput
  /** See VerbContext. */
  readonly writeOutput: (bytes: Uint8Array) => Promise<void>
  readonly prompt: Prompt
  readonly version: string
  /** Starts listening for Ctrl-C and SIGTERM. */
  readonly interruption: (say: (line: string) => void) => Disposable & { readonly signal: AbortSignal }
}

/** Runs one call and gives its exit status; throws nothing. */
export async function run(argv: readonly string[], context: CallContext): Promise<number> {
  // Even a command line that cannot be parsed is answered in JSON when it asks for JSON.
  const isJson = argv.includes('--json')
  try {
    const call = parseArguments(argv, context.verbs, context.env)
    if (call.kind === 'verb') return await runVerb(call, isJson, context)
    context.stdout.write(`${call.kind === 'help' ? call.text : `holdfast ${context.version}`}\n`)
    return 0
  } catch (thrown) {
    const named = context.verbs.find(({ name }) => `${argv.join(' ')} `.startsWith(`${name} `))
    return printError(asHoldfastError(thrown), isJson, context, { verb: named?.name })
  }
}

type VerbCall = Extract<ParsedCall, { kind: 'verb' }>

async function runVerb(call: VerbCall, isJson: boolean, context: CallContext): Promise<number> {
  const { verb, options } = call
  const printer = printerFor(verb, { isJson, isQuiet: options.flag('quiet') }, context)
  using interruption = context.interruption(printer.say)
  const { signal } = interruption
  let warnings = 0
  const emit = (event: HoldfastEvent): void => {
    if (event.type === 'notice' && event.level === 'warning') warnings += 1
    printer.emit(event)
  }
  try {
    const { run } = await verb.load()
    const prompt = withPause(context.prompt, printer)
    const answer = await run({
      arguments: call.arguments,
      options,
      env: context.env,
      signal,
      prompt,
      say: printer.say,
      emit,
      writeOutput: context.writeOutput,
    })
    printer.close(signal.aborted ? 'failed' : 'done')
    printAnswer(answer, verb, isJson, context.stdout)
    if (signal.aborted) return asHoldfastError(signal.reason).exit
    return answer.exit ?? (warnings > 0 ? 3 : 0)
  } catch (thrown) {
    printer.close('failed')
    // What breaks while everything is being stopped (a killed query, a closed socket) is not the reason for the end.
    const error = asHoldfastError(signal.aborted ? signal.reason : thrown)
    return printError(error, isJson, context, { verb: verb.name, name: instanceName(call) })
  }
}

function printerFor(
  verb: VerbSpec,
  options: { readonly isJson: boolean; readonly isQuiet: boolean },
  context: CallContext,
): EventPrinter {
  if (options.isJson) return jsonPrinter(context.stdout, { isQuiet: options.isQuiet, json: verb.json })
  return visiblePrinter(
    context.stderr.isTTY === true && !options.isQuiet
      ? statusRegion(context.stderr)
      : linePrinter(context.stderr, { isQuiet: options.isQuiet }),
  )
}

function withPause(prompt: Prompt, printer: EventPrinter): Prompt {
  return {
    isPossible: prompt.isPossible,
    ask: (question, signal) => {
      printer.pause()
      return prompt.ask(visibleText(question), signal)
    },
    askSecret: (question, signal) => {
      printer.pause()
      return prompt.askSecret(visibleText(question), signal)
    },
  }
}

function printAnswer(answer: VerbAnswer, verb: VerbSpec, isJson: boolean, stdout: TextOutput): void {
  if (!isJson) {
    const { text, paint = (plain) => plain } = answer
    if (text !== '') stdout.write(`${paint(visibleText(text))}\n`)
  } else if (verb.json === 'lines') {
    stdout.write(`${toJson({ type: 'result', ...answer.json })}\n`)
  } else {
    stdout.write(`${toJson(answer.json, 2)}\n`)
  }
}

/** With --name, or the argument of verbs that take no URL. */
function instanceName({ verb, options, arguments: [first] }: VerbCall): string | undefined {
  return options.text('name') ?? (verb.options.some(({ name }) => name === 'name') ? undefined : first)
}

function printError(error: HoldfastError, isJson: boolean, context: CallContext, names: CallNames): number {
  if (isJson) context.stdout.write(`${toJson(errorJson(error, names))}\n`)
  else if (isHoldfastError(error, 'INTERRUPTED', 'TERMINATED'))
    context.stderr.write(`holdfast: ${visibleText(error.message)}\n`)
  else context.stderr.write(`${visibleText(errorText(error, context, names))}\n`)
  return error.exit
}
