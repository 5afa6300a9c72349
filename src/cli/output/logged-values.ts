// Values of logged rows as text for people: what is text stands in quotes, so that nothing can be taken for something else.
import type { LoggedValue } from '../../operations/show-binlog.ts'
import { groupDigits } from './progress-text.ts'

// A cell is there to be recognized; --json has it whole.
const shownCharacters = 200

export function valueText(value: LoggedValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return /^b'[01]*'$/.test(value) ? value : `'${cut(value)}'`
  if ('base64' in value) return bytesText(Buffer.from(value.base64, 'base64'))
  if ('signed' in value) return `${value.signed} (or ${value.unsigned})`
  if ('label' in value) return `label ${value.label}`
  if ('labels' in value) return `labels ${value.labels.join(', ')}`
  return cut(
    value.jsonChanges
      .map(({ operation, path, value: to = '' }) => `${operation} ${path} ${to}`.trim())
      .join('; '),
  )
}

function cut(text: string): string {
  if (text.length <= shownCharacters) return text
  return `${text.slice(0, shownCharacters)}… (${groupDigits(text.length)} characters)`
}

function bytesText(bytes: Buffer): string {
  const shown = `0x${bytes.toString('hex', 0, shownCharacters / 2)}`
  return bytes.length <= shownCharacters / 2 ? shown : `${shown}… (${groupDigits(bytes.length)} bytes)`
}
