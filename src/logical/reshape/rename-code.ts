// Makes views, triggers, routines and events name renamed schemas where the server says which words are names; bodies are never edited.
import { isUtf8 } from 'node:buffer'
import { quoteName } from '../../instance/sql-text.ts'
import { keptStatement } from '../code.ts'
import type { CodeContent } from '../content.ts'
import type { SqlToken } from '../import/sql-tokens.ts'
import { codeText, isSymbol, isWord, kindWordAt, type Replacement, replaced } from './code-text.ts'
import type { Renames } from './renames.ts'

/** The code for its new place; undefined where it names a renamed schema in a way that cannot be rewritten for certain. */
export function renamedCode(code: CodeContent, renames: Renames): CodeContent | undefined {
  const { bytes, tokens } = codeText(code)
  // Names of another character set cannot be told from one another.
  if (!isUtf8(bytes)) return undefined
  const replacements =
    code.kind === 'view' ? chainsOf(tokens, renames) : headReplacements(code.kind, tokens, renames)
  if (replacements === undefined) return undefined
  return { ...code, statement: keptStatement(replaced(bytes, replacements)) }
}

/**
 * Servers print a view, and a table, with every name in backticks, and with the schema before each table and function. So `schema`.`name`
 * is one of these unless an alias has the schema's name; where the name stands alone, there may be such an alias.
 */
export function chainsOf(tokens: readonly SqlToken[], renames: Renames): readonly Replacement[] | undefined {
  const replacements: Replacement[] = []
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== 'name' || isSymbol(tokens[at - 1], '.') || !renames.touches(token.text)) continue
    const second = tokens[at + 2]
    if (!isSymbol(tokens[at + 1], '.') || second?.kind !== 'name') {
      // The name of a column in a result is none that anything could be qualified by.
      if (isWord(tokens[at - 1], 'AS')) continue
      return undefined
    }
    // Columns follow the name of a view that is created, and of a table that a foreign key needs.
    const isFunction = isSymbol(tokens[at + 3], '(') && !isWord(tokens[at - 1], 'REFERENCES', 'VIEW')
    const name = { schema: token.text, name: second.text }
    const to = isFunction ? { ...name, schema: renames.schema(name.schema) } : renames.table(name)
    replacements.push(
      { start: token.start, end: token.end, text: quoteName(to.schema) },
      { start: second.start, end: second.end, text: quoteName(to.name) },
    )
  }
  return replacements
}

/** The own name, and of a trigger that of its table; undefined where what follows names a renamed schema. */
function headReplacements(
  kind: CodeContent['kind'],
  tokens: readonly SqlToken[],
  renames: Renames,
): readonly Replacement[] | undefined {
  let at = kindWordAt(tokens) + 1
  if (at === 0) return undefined
  if (isWord(tokens[at], 'BODY')) at++
  if (isWord(tokens[at], 'IF')) at += 3
  const replacements: Replacement[] = []
  const name = () => {
    const [schema, dot] = [tokens[at], tokens[at + 1]]
    if (schema !== undefined && isSymbol(dot, '.')) {
      if (renames.touches(schema.text)) {
        const text = quoteName(renames.schema(schema.text))
        replacements.push({ start: schema.start, end: schema.end, text })
      }
      at += 2
    }
    at++
  }
  name()
  if (kind === 'trigger') {
    while (at < tokens.length && !isWord(tokens[at], 'ON')) at++
    at++
    name()
  }
  return namesSchema(tokens.slice(at), renames) ? undefined : replacements
}

/** Also in texts, where statements are made of them. */
function namesSchema(body: readonly SqlToken[], renames: Renames): boolean {
  const isDynamic = body.some((token) => isWord(token, 'PREPARE', 'IMMEDIATE'))
  return body.some((token, at) => {
    if (token.kind === 'symbol') return false
    if (token.kind === 'text')
      return isDynamic && token.text.split(/[^\w$\u0080-\uFFFF]+/).some((word) => renames.touches(word))
    // USE and the like do without a dot, and are not allowed in code.
    return isSymbol(body[at + 1], '.') && !isSymbol(body[at - 1], '.') && renames.touches(token.text)
  })
}
