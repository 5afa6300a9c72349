// What follows the parenthesis of a CREATE TABLE: options, versioning and partitions.
import type { DdlToken } from '../deferred-indexes/ddl-tokens.ts'
import { closingAt, isSymbol, isWord, textOfTokens, tokensIn } from './ddl-text.ts'

export interface TableOption {
  /** In capitals, without DEFAULT and quotes: ENGINE, CHARSET, STATS_PERSISTENT. */
  readonly name: string
  readonly value: string
  readonly text: string
}

export interface TableTail {
  readonly options: readonly TableOption[]
  readonly isVersioned: boolean
  /** PARTITION BY …; '' where there are none. */
  readonly partitions: string
}

/** `tail` begins with the closing parenthesis. */
export function tableTail(tail: string, object: string): TableTail {
  const tokens = tokensIn(tail, object)
  const options: TableOption[] = []
  let isVersioned = false
  let at = 1
  while (at < tokens.length && !(isWord(tokens[at], 'PARTITION') && isWord(tokens[at + 1], 'BY'))) {
    if (isWord(tokens[at], 'WITH') && isWord(tokens[at + 1], 'SYSTEM')) {
      isVersioned = true
      at += 3
      continue
    }
    const end = optionEnd(tokens, at)
    options.push(optionOf(tail, tokens.slice(at, end)))
    at = end
  }
  return { options, isVersioned, partitions: textOfTokens(tail, tokens.slice(at)) }
}

export function tailText({ options, isVersioned, partitions }: TableTail): string {
  return [
    `) ${options.map(({ text }) => text).join(' ')}`,
    ...(isVersioned ? [' WITH SYSTEM VERSIONING'] : []),
    ...(partitions === '' ? [] : [`\n ${partitions}`]),
  ].join('')
}

export function optionValue({ options }: TableTail, wanted: string): string | undefined {
  return options.find(({ name }) => name === wanted)?.value
}

function optionEnd(tokens: readonly DdlToken[], at: number): number {
  let end = at
  // DEFAULT CHARSET, DATA DIRECTORY, and TABLESPACE without a sign.
  while (end < tokens.length && !isSymbol(tokens[end], '=')) {
    if (isWord(tokens[end], 'TABLESPACE') && tokens[end + 1]?.kind === 'name') return end + 2
    end++
  }
  const value = end + 1
  return isSymbol(tokens[value], '(') ? closingAt(tokens, value) + 1 : value + 1
}

function optionOf(tail: string, tokens: readonly DdlToken[]): TableOption {
  const sign = tokens.findIndex((token) => isSymbol(token, '='))
  const names = (sign < 0 ? tokens.slice(0, 1) : tokens.slice(0, sign)).map(({ value }) => value)
  const last = names
    .filter((name) => name !== 'DEFAULT')
    .join(' ')
    .toUpperCase()
  return {
    name: last === 'CHARACTER SET' ? 'CHARSET' : last,
    value: textOfTokens(tail, tokens.slice(sign < 0 ? 1 : sign + 1)),
    text: textOfTokens(tail, tokens),
  }
}
