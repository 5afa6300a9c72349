// Names of collations wherever a definition names one.
import { type DdlToken, ddlTokens } from '../deferred-indexes/ddl-tokens.ts'
import { toldCollation } from './collations.ts'
import { edited, isSymbol, isWord } from './ddl-text.ts'
import type { Tell } from './report.ts'
import type { TargetServer } from './target-server.ts'

/** The same text with each COLLATE of a collation that the target has. */
export function withCollations(text: string, target: TargetServer, tell: Tell): string {
  const tokens = ddlTokens(text) ?? []
  const edits = tokens.flatMap((token, at) => {
    if (!isWord(token, 'COLLATE')) return []
    const name = tokens[isSymbol(tokens[at + 1], '=') ? at + 2 : at + 1]
    if (name === undefined || !isName(name)) return []
    const from = text.slice(name.start, name.end).replaceAll(/[`'"]/g, '').toLowerCase()
    const to = toldCollation(from, target, tell)
    return to === from ? [] : [{ start: name.start, end: name.end, text: to }]
  })
  return edited(text, edits)
}

/** Character sets named in the text that the target does not have. */
export function missingCharsets(text: string, target: TargetServer): readonly string[] {
  const tokens = ddlTokens(text) ?? []
  const named = tokens.flatMap((token, at) => {
    const isSet = isWord(token, 'CHARSET') || (isWord(token, 'SET') && isWord(tokens[at - 1], 'CHARACTER'))
    if (!isSet) return []
    const name = tokens[isSymbol(tokens[at + 1], '=') ? at + 2 : at + 1]
    return name === undefined ? [] : [text.slice(name.start, name.end).toLowerCase()]
  })
  return [...new Set(named)].filter((name) => /^\w+$/.test(name) && !target.charsets.has(name))
}

function isName({ kind }: DdlToken): boolean {
  return kind === 'word' || kind === 'name' || kind === 'text'
}
