// Default values in the form that the target takes.
import { attributeText, type ColumnText, withAttribute, withoutAttributes } from './column-text.ts'
import { isSymbol, isWord, tokensIn } from './ddl-text.ts'
import type { TableContext } from './table-context.ts'

const bigTypes =
  /^(?:tiny|medium|long)?(?:text|blob)$|^(?:json|vector|geometry|point|linestring|polygon|multi\w+|geom(?:etry)?collection)$/
const momentTypes = new Set(['datetime', 'timestamp'])
const literal = /^(?:-?[\d.]+(?:e[+-]?\d+)?|(?:[bxn]|_\w+\s*)?'.*'|_\w+ x'.*')$/is
const moment = /^(?:current_timestamp|now|localtime|localtimestamp)(?:\(\d*\))?$/i

export function withKnownDefault(column: ColumnText, context: TableContext): ColumnText {
  const text = attributeText(column, 'default')
  if (text === undefined) return column
  if (!context.features.sequences && takesNumbers(text, context.object)) {
    context.tell('dropped', `column ${column.name}: its default, which takes numbers from a sequence`)
    return withoutAttributes(column, 'default')
  }
  if (!context.features.strictDefaults) return column
  const value = text.replace(/^DEFAULT\s+/i, '')
  if (value.startsWith('(') || /^null$/i.test(value)) return column
  const isPlain = bigTypes.test(column.type)
    ? false
    : literal.test(value) || (moment.test(value) && momentTypes.has(column.type))
  return isPlain ? column : withAttribute(column, 'default', `DEFAULT (${value})`)
}

function takesNumbers(text: string, object: string): boolean {
  const tokens = tokensIn(text, object)
  return tokens.some(
    (token, at) =>
      (isWord(token, 'NEXTVAL', 'LASTVAL', 'SETVAL') && isSymbol(tokens[at + 1], '(')) ||
      (isWord(token, 'NEXT', 'PREVIOUS') && isWord(tokens[at + 1], 'VALUE')),
  )
}
