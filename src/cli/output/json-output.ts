// Output for programs: JSON Lines with a `type` while long work goes on, or one document for a query.
import type { HoldfastEvent } from '../../core/events.ts'
import type { EventPrinter, TextOutput } from './event-printer.ts'

// More would only fill logs; phases and notices are never held back.
const progressEveryMs = 1000

/** Events as JSON Lines; a query (`document`) prints none, its warnings go into the document. */
export function jsonPrinter(
  output: TextOutput,
  options: { readonly isQuiet: boolean; readonly json: 'document' | 'lines' },
): EventPrinter {
  let lastProgressMs = 0
  const emit = (event: HoldfastEvent): void => {
    if (options.json === 'document') return
    if (event.type === 'progress') {
      const nowMs = Date.now()
      if (options.isQuiet || nowMs - lastProgressMs < progressEveryMs) return
      lastProgressMs = nowMs
    }
    output.write(`${toJson({ ...event })}\n`)
  }
  return { emit, say: () => undefined, pause: () => undefined, close: () => undefined }
}

/** JSON of a value; bigint as text, because JSON numbers lose digits past 2^53. */
export function toJson(value: unknown, indent = 0): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item),
    indent,
  )
}
