// Where the talk of long work goes: one printer for terminals, one for pipes and logs, one for programs.
import type { EmitEvent } from '../../core/events.ts'

export interface EventPrinter {
  readonly emit: EmitEvent
  /** A line of talk between events. */
  readonly say: (line: string) => void
  /** Takes the status region off the screen while something else (a question, the answer) is shown. */
  readonly pause: () => void
  /** Ends the talk; the phase at work is then done, or it is not. */
  readonly close: (outcome: 'done' | 'failed') => void
}

/** Just enough of a stream to print to. */
export interface TextOutput {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}
