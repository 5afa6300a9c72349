// Checks of a table, and their names.
import { quoteName } from '../../instance/sql-text.ts'
import { edited, isWord, tokensIn } from './ddl-text.ts'
import type { TableContext } from './table-context.ts'

/** Names of checks that a schema has by now; in lower case. */
export type TakenNames = Set<string>

export interface CheckSurroundings {
  readonly taken: TakenNames
  /** Columns with AUTO_INCREMENT. */
  readonly counters: ReadonlySet<string>
}

/** Undefined where the target cannot have the check: it would be enforced there, and rows may break it. */
export function translatedCheck(
  text: string,
  { taken, counters }: CheckSurroundings,
  context: TableContext,
): string | undefined {
  const { object, features, tell } = context
  const tokens = tokensIn(text, object)
  const [first, name] = tokens
  const isUnenforced = isWord(tokens.at(-2), 'NOT') && isWord(tokens.at(-1), 'ENFORCED')
  const shown = isWord(first, 'CONSTRAINT') && name !== undefined ? name.value : ''
  if (isUnenforced && !features.unenforcedChecks) {
    tell('dropped', `check ${shown}, which is not enforced: checks always are there`)
    return undefined
  }
  // ER_CHECK_CONSTRAINT_REFERS_AUTO_INCREMENT_COLUMN of MySQL.
  if (features.checksOfSchema && tokens.some(({ kind, value }) => kind === 'name' && counters.has(value))) {
    tell('dropped', `check ${shown}: it is over a column with AUTO_INCREMENT`)
    return undefined
  }
  if (!features.checksOfSchema || shown === '' || name === undefined) return text
  const free = freeName(shown, object, taken)
  if (free === shown) return text
  tell('changed', `check ${shown} is called ${free}: the schema has another of that name`)
  return edited(text, [{ start: name.start, end: name.end, text: quoteName(free) }])
}

// Names have up to 64 characters.
const longestName = 64

function freeName(name: string, object: string, taken: TakenNames): string {
  const table = object.slice(object.lastIndexOf('.') + 1)
  for (let number = 0; ; number++) {
    const tail = number === 0 ? '' : number === 1 ? `_${table}` : `_${table}_${number}`
    const candidate =
      number === 0
        ? name
        : `${name.slice(0, Math.max(1, longestName - tail.length))}${tail}`.slice(0, longestName)
    if (taken.has(candidate.toLowerCase())) continue
    taken.add(candidate.toLowerCase())
    return candidate
  }
}
