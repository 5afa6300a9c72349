// What kind of statement a text in the log is, by its first words.

// Enough for the longest statement that is compared whole or by its first words.
const startBytes = 256

/** The statement's first bytes without comments and white space before them, in upper case. */
export function statementStart(statement: Buffer): string {
  let rest = statement
  for (;;) {
    const text = rest.toString('latin1', 0, startBytes).trimStart()
    // Comments that start with an exclamation mark are code.
    const isBlock = text.startsWith('/*') && !text.startsWith('/*!')
    const isLine = text.startsWith('--') || text.startsWith('#')
    const end = isBlock ? rest.indexOf('*/') : isLine ? rest.indexOf('\n') : -1
    if (end < 0) return text.trimEnd().toUpperCase()
    rest = rest.subarray(end + (isBlock ? 2 : 1))
  }
}

const dataChanges = ['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'LOAD', 'WITH']

/** True when a statement, as `statementStart` gives it, changes rows: in the log it means that it was not logged as rows. */
export function isDataChange(start: string): boolean {
  return dataChanges.some((word) => start.startsWith(word) && !/[A-Z0-9_]/.test(start.charAt(word.length)))
}

const controls = ['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'XA']

/** True for what opens, ends and structures a transaction without changing anything itself. */
export function isTransactionControl(start: string): boolean {
  return controls.some((word) => start.startsWith(word) && !/[A-Z0-9_]/.test(start.charAt(word.length)))
}

const withoutColumns =
  /^(?:TRUNCATE|ANALYZE|OPTIMIZE|FLUSH|GRANT|REVOKE|CREATE (?:OR REPLACE )?(?:DEFINER=\S+ )?(?:UNIQUE |FULLTEXT |SPATIAL )?(?:TRIGGER|PROCEDURE|FUNCTION|EVENT|VIEW|INDEX)|DROP (?:TRIGGER|PROCEDURE|FUNCTION|EVENT|INDEX))\b/

/** True for what leaves the columns of all tables as they are: changes of rows, and DDL of other things. False where the start does not tell. */
export function keepsColumns(start: string): boolean {
  return isTransactionControl(start) || isDataChange(start) || withoutColumns.test(start)
}
