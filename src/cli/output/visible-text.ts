// Makes control characters visible: names and statements come from servers, and a terminal obeys what it is sent.
import type { HoldfastEvent } from '../../core/events.ts'
import type { EventPrinter } from './event-printer.ts'

// C0 and DEL; C1, where 0x9B alone begins a sequence as ESC [ does (ECMA-48); and the Unicode marks that turn the direction of what
// follows, with which a name can show other text than it is. Without line feed and tab, which text is laid out with.
// oxlint-disable-next-line no-control-regex
const inText = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g

/** Text of any number of lines: `a\x1b[31mred` instead of a red word. */
export function visibleText(text: string): string {
  return text.replaceAll(inText, escaped)
}

/** A name or value that has to stay in its line. */
export function visibleLine(text: string): string {
  return visibleText(text).replaceAll(/[\t\n]/g, escaped)
}

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  const hex = code.toString(16)
  if (character === '\n') return String.raw`\n`
  if (character === '\t') return String.raw`\t`
  return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`
}

/** A printer for people that is told nothing else. */
export function visiblePrinter(printer: EventPrinter): EventPrinter {
  return {
    ...printer,
    emit: (event) => printer.emit(visibleEvent(event)),
    say: (line) => printer.say(visibleText(line)),
  }
}

function visibleEvent(event: HoldfastEvent): HoldfastEvent {
  if (event.type === 'notice') return { ...event, message: visibleText(event.message) }
  return event.detail === undefined ? event : { ...event, detail: visibleLine(event.detail) }
}
