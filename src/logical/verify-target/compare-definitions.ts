// Which definitions of a backup the target lacks, has besides, or has in other words.
import type { CodeContent, SchemaContent, SequenceContent } from '../content.ts'
import type { SchemaDefinition } from '../definitions.ts'
import { withoutTablespace } from '../mend-tablespace.ts'
import { withoutReadOnly } from '../read-only-schemas.ts'
import type { DefinitionDifference } from './target-difference.ts'

/**
 * `same`: one version says the same thing in the same words. `alike`: another patch of it may word things anew, which is no difference for
 * certain. `other`: only names can be compared.
 */
export type Wording = 'same' | 'alike' | 'other'

/** A definition that the target words in another way. */
export interface Rewording {
  readonly object: string
  readonly backup: string
  readonly target: string
}

export interface DefinitionsCompared {
  readonly differences: readonly DefinitionDifference[]
  /** Only where the wording is `alike`. */
  readonly rewordings: readonly Rewording[]
  readonly notes: readonly string[]
  /** How many there are in the backup. */
  readonly definitions: number
}

export interface CompareDefinitionsRequest {
  readonly backup: readonly SchemaContent[]
  readonly target: readonly TargetSchema[]
  readonly wording: Wording
  /** The backup has all definitions of its schemas; else there may be more on the target. */
  readonly isWhole: boolean
  /** What the load has told already that it could not create: 'view shop.broken'. */
  readonly notCreated: ReadonlySet<string>
}

export interface TargetSchema extends SchemaDefinition {
  readonly sequences: readonly SequenceContent[]
}

interface Definition {
  readonly words: string
  /** It did not work in the source either. */
  readonly isBroken: boolean
}

export function compareDefinitions(request: CompareDefinitionsRequest): DefinitionsCompared {
  const { wording, isWhole, notCreated } = request
  const wanted = new Map(request.backup.flatMap((schema) => [...definitionsOf(schema, triggersOf(schema))]))
  const found = new Map(
    request.target.flatMap((schema) => [
      ...definitionsOf(schema, [...schema.triggers.values()].flat()),
      ...unreadable(schema).map((name) => [name, undefined] as const),
    ]),
  )
  const differences: DefinitionDifference[] = []
  const notes: string[] = []
  const rewordings: Rewording[] = []
  const differ = (object: string, how: string): void => {
    differences.push({ kind: 'definition', object, text: `${object} ${how}` })
  }
  for (const [object, definition] of wanted) {
    if (!found.has(object)) {
      if (notCreated.has(object)) continue
      if (definition.isBroken) notes.push(`${object} was broken in the source, and is not on the target`)
      else differ(object, 'is missing on the target')
      continue
    }
    const there = found.get(object)
    if (there === undefined) notes.push(`${object} is there, but the account may not read its definition`)
    else if (there.words === definition.words || wording === 'other') continue
    else if (wording === 'same') differ(object, 'has another definition')
    else if (inAnyPatch(there.words) !== inAnyPatch(definition.words))
      rewordings.push({ object, backup: definition.words, target: there.words })
  }
  for (const object of found.keys()) {
    if (isWhole && !wanted.has(object)) differ(object, 'is not in the backup')
  }
  if (rewordings.length > 0) notes.push(rewordedNote(rewordings))
  return { differences, rewordings, notes, definitions: wanted.size }
}

/** Without the versions in conditional comments: a patch may show a clause to others than the patch before did. */
function inAnyPatch(words: string): string {
  return words.replaceAll(/\/\*(M?)!\d{5,6}\s*/g, '/*$1! ')
}

const shownRewordings = 5

function rewordedNote(rewordings: readonly Rewording[]): string {
  const names = rewordings.slice(0, shownRewordings).map(({ object }) => object)
  const more = rewordings.length - names.length
  return (
    `another text than in the backup, which another patch release may have for the same thing: ${names.join(', ')}` +
    `${more > 0 ? ` and ${more} more` : ''} (--json has both texts)`
  )
}

interface Described {
  readonly name: string
  readonly ddl: string
  readonly tables: readonly { readonly name: string; readonly ddl: string }[]
  readonly sequences: readonly SequenceContent[]
  readonly views: readonly CodeContent[]
  readonly routines: readonly CodeContent[]
  readonly events: readonly CodeContent[]
}

function* definitionsOf(
  schema: Described,
  triggers: readonly CodeContent[],
): Generator<readonly [string, Definition]> {
  const { name } = schema
  yield [`schema ${name}`, { words: withoutReadOnly(schema.ddl), isBroken: false }]
  for (const table of schema.tables) {
    // The counter moves with rows, also with those that are rolled back.
    const words = withoutTablespace(table.ddl.replace(/ AUTO_INCREMENT=\d+/, ''))
    yield [`table ${name}.${table.name}`, { words, isBroken: false }]
  }
  for (const sequence of schema.sequences) {
    const words = JSON.stringify([sequence.ddl, sequence.next, sequence.cycle])
    yield [`sequence ${name}.${sequence.name}`, { words, isBroken: false }]
  }
  for (const code of [...triggers, ...schema.views, ...schema.routines, ...schema.events]) {
    yield [`${code.kind} ${name}.${code.name}`, { words: codeWords(code), isBroken: code.isValid === false }]
  }
}

function triggersOf(schema: SchemaContent): readonly CodeContent[] {
  return schema.tables.flatMap((table) => table.triggers)
}

function codeWords({
  statement,
  sqlMode,
  charsetClient,
  collationConnection,
  timeZone,
}: CodeContent): string {
  return JSON.stringify([statement, sqlMode, charsetClient, collationConnection, timeZone])
}

/** What a schema has and cannot show. */
function unreadable(schema: TargetSchema): readonly string[] {
  return schema.warnings.flatMap((warning) => {
    const end = warning.indexOf(' is not part of the backup: the account may not read')
    return end < 0 ? [] : [warning.slice(0, end)]
  })
}
