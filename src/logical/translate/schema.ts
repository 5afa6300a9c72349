// One schema with all that it holds, for another kind of server.
import type { CodeContent, SchemaContent, TableContent } from '../content.ts'
import { isReadOnly, withReadOnly } from '../read-only-schemas.ts'
import { translatedCode } from './code.ts'
import { missingCharsets, withCollations } from './collation-words.ts'
import { toldCollation } from './collations.ts'
import { edited, isSymbol, isWord, tokensIn, unwrapped } from './ddl-text.ts'
import type { Tell, TranslationReport } from './report.ts'
import type { RowChange } from './row-change.ts'
import { featuresOf, type ServerFeatures, type ServerKind } from './server-features.ts'
import { translatedTable } from './table.ts'
import type { TargetServer } from './target-server.ts'

export interface SchemaRequest {
  readonly source: ServerKind
  readonly target: TargetServer
  readonly report: TranslationReport
  /** By the object with the rows of a table; to be filled. */
  readonly rowChanges: Map<string, RowChange>
}

/** @throws HoldfastError UNSUPPORTED naming a table that cannot be had on the target */
export function translatedSchema(schema: SchemaContent, request: SchemaRequest): SchemaContent {
  const { source, target, report } = request
  const { name } = schema
  const object = `schema ${name}`
  const tell = report.of(object)
  const features = featuresOf(target)
  const takenChecks = new Set<string>()
  const codeOf = (parts: readonly CodeContent[]): CodeContent[] =>
    parts.flatMap((part) => {
      const ofCode = report.of(`${part.kind} ${name}.${part.name}`)
      return translatedCode(part, { source, target, tell: ofCode, tellSchema: tell }) ?? []
    })
  const tableOf = (table: TableContent): TableContent => {
    const ofTable = `table ${name}.${table.name}`
    const translated = translatedTable({
      object: ofTable,
      table,
      source,
      target,
      tell: report.of(ofTable),
      takenChecks,
    })
    if (translated.rowChange !== undefined && table.object !== undefined)
      request.rowChanges.set(table.object, translated.rowChange)
    return { ...translated.table, triggers: codeOf(table.triggers) }
  }
  if (!features.sequences) {
    for (const sequence of schema.sequences) {
      const told = report.of(`sequence ${name}.${sequence.name}`)
      told('dropped', `there are no sequences; its next number is ${sequence.next}`)
    }
  }
  return {
    ...schema,
    ddl: schemaDdl(schema.ddl, { object, target, features, tell }),
    collation: toldCollation(schema.collation, target, tell),
    sequences: features.sequences
      ? schema.sequences.map((one) => ({ ...one, ddl: sequenceDdl(one.ddl, target) }))
      : [],
    tables: schema.tables.map(tableOf),
    views: codeOf(schema.views),
    routines: codeOf(schema.routines),
    events: codeOf(schema.events),
  }
}

interface SchemaContext {
  readonly object: string
  readonly target: TargetServer
  readonly features: ServerFeatures
  readonly tell: Tell
}

function schemaDdl(ddl: string, { object, target, features, tell }: SchemaContext): string {
  const text = unwrapped(ddl, object)
  const tokens = tokensIn(text, object)
  const edits = tokens.flatMap((token, at) => {
    const sign = isSymbol(tokens[at + 1], '=') ? 1 : 0
    const value = tokens[at + 1 + sign]
    if (value === undefined || at < 3) return []
    if (isWord(token, 'ENCRYPTION') && target.flavour === 'mariadb') {
      if (value.value !== "'N'") tell('dropped', `option ENCRYPTION=${value.value}`)
      const start = isWord(tokens[at - 1], 'DEFAULT') ? (tokens[at - 1]?.start ?? token.start) : token.start
      return [{ start, end: value.end, text: '' }]
    }
    if (!isWord(token, 'COMMENT') || features.schemaComments) return []
    tell('dropped', `comment ${value.value}`)
    return [{ start: token.start, end: value.end, text: '' }]
  })
  const translated = withCollations(edited(text, edits), target, tell)
  const missing = missingCharsets(translated, target)
  if (missing.length > 0) tell('changed', `character set ${missing.join(', ')} is not known there`)
  if (!isReadOnly({ ddl })) return translated.trimEnd()
  if (!features.readOnlySchemas) tell('dropped', 'option READ ONLY')
  return features.readOnlySchemas ? withReadOnly(translated.trimEnd()) : translated.trimEnd()
}

/** Since MariaDB 11.5 sequences have a type, which older servers do not know. */
function sequenceDdl(ddl: string, target: TargetServer): string {
  return target.release >= 110_500
    ? ddl
    : ddl.replace(/^(CREATE SEQUENCE `(?:[^`]|``)*`) as bigint\b(?! unsigned)/i, '$1')
}
