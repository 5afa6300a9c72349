// What the LOAD DATA statements of a dump say: file, table and columns, for the one form of text that is known.
import { type Place, refused } from './sql-reader.ts'
import { tokensOf } from './sql-tokens.ts'

export interface LoadData {
  /** Without its folder. */
  readonly file: string
  readonly table: string
  readonly columns: readonly string[]
}

const form =
  "FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' LINES STARTING BY '' TERMINATED BY '\\n'"

/** @throws HoldfastError UNSUPPORTED where rows are written in another form */
export function parseLoadData(statement: Buffer, place: Place): LoadData {
  const tokens = tokensOf(statement)
  const wordAt = (word: string, from = 0) =>
    tokens.findIndex((token, at) => at >= from && token.kind === 'word' && token.text.toUpperCase() === word)
  const file = tokens[wordAt('INFILE') + 1]?.text.split('/').at(-1)
  const tableAt = wordAt('TABLE') + 1
  const open = tokens.findIndex((token, at) => at > tableAt && token.kind === 'symbol' && token.text === '(')
  const between = tokens.slice(tableAt + 1, open)
  const texts = (word: string): readonly string[] =>
    between.flatMap((token, at) =>
      token.kind === 'word' && token.text.toUpperCase() === word ? [between[at + 2]?.text ?? ''] : [],
    )
  const [fieldEnd = '\t', lineEnd = '\n'] = texts('TERMINATED')
  const [enclosed = ''] = texts('ENCLOSED')
  const [escaped = '\\'] = texts('ESCAPED')
  const [starting = ''] = texts('STARTING')
  const isKnown =
    fieldEnd === '\t' &&
    lineEnd === '\n' &&
    enclosed === '' &&
    escaped === '\\' &&
    starting === '' &&
    open > 0
  if (file === undefined || tableAt === 0 || !isKnown) {
    throw refused(place, `rows are taken in as ${form} only, with their columns named`)
  }
  const columns: string[] = []
  for (const token of tokens.slice(open + 1)) {
    if (token.kind === 'symbol' && token.text === ')') break
    if (token.kind !== 'symbol') columns.push(token.text)
  }
  return { file, table: tokens[tableAt]?.text ?? '', columns }
}
