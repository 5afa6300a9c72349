// Views, triggers, routines and events for another kind of server. Their bodies are left as they are, but for names of collations: whether
// the target takes them only the target can say.
import { keptStatement } from '../code.ts'
import type { CodeContent } from '../content.ts'
import { codeText, isSymbol, isWord, type Replacement, replaced } from '../reshape/code-text.ts'
import { toldCollation } from './collations.ts'
import type { Tell } from './report.ts'
import { featuresOf, type ServerKind } from './server-features.ts'
import { translatedMode } from './sql-modes.ts'
import type { TargetServer } from './target-server.ts'

export interface CodeRequest {
  readonly source: ServerKind
  readonly target: TargetServer
  readonly tell: Tell
  /** Of the schema: the sessions in which code was made are mostly alike. */
  readonly tellSchema: Tell
}

/** Undefined for code that the target cannot have. */
export function translatedCode(
  code: CodeContent,
  { source, target, tell, tellSchema }: CodeRequest,
): CodeContent | undefined {
  const isOracle = code.sqlMode.toUpperCase().split(',').includes('ORACLE')
  const isPackage = code.kind === 'package' || code.kind === 'package body'
  if (isPackage && !featuresOf(target).packages) return refused('there are no packages')
  if (isOracle && target.flavour === 'mysql')
    return refused('it is written in the language of Oracle (sql_mode)')
  if (!target.charsets.has(code.charsetClient)) {
    return refused(`it was made in character set ${code.charsetClient}, which is not known there`)
  }
  const { collationDatabase } = code
  const connection = toldCollation(code.collationConnection, target, tellSchema)
  return {
    ...code,
    statement: translatedStatement(code, target, tell),
    sqlMode: translatedMode(code.sqlMode, source.flavour, target.flavour, tell),
    collationConnection: connection,
    ...(collationDatabase === undefined
      ? {}
      : { collationDatabase: toldCollation(collationDatabase, target, tellSchema) }),
  }

  function refused(why: string): undefined {
    tell('dropped', why)
    return undefined
  }
}

function translatedStatement(code: CodeContent, target: TargetServer, tell: Tell): CodeContent['statement'] {
  const { bytes, tokens } = codeText(code)
  const replacements = tokens.flatMap((token, at): readonly Replacement[] => {
    const next = tokens[isSymbol(tokens[at + 1], '=') ? at + 2 : at + 1]
    if (isWord(token, 'COLLATE') && next !== undefined && next.kind !== 'symbol') {
      const name = next.text.toLowerCase()
      const to = toldCollation(name, target, tell)
      return to === name ? [] : [{ start: next.start, end: next.end, text: to }]
    }
    // DISABLE ON REPLICA, of an event that its source runs.
    const isOfSource = isWord(token, 'REPLICA') && isWord(tokens[at - 2], 'DISABLE')
    return isOfSource && code.kind === 'event' && target.flavour === 'mariadb'
      ? [{ start: token.start, end: token.end, text: 'SLAVE' }]
      : []
  })
  return replacements.length === 0 ? code.statement : keptStatement(replaced(bytes, replacements))
}
