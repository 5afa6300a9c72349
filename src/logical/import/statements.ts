// What each statement of a dump means for the backup: a definition, a setting, nothing; or it is refused by name.
import type { CodeContent } from '../content.ts'
import { utf8Ddl } from '../table-ddl.ts'
import type { ImportBuilder } from './import-builder.ts'
import { inPlainQuotes } from './plain-quotes.ts'
import { DumpSession, UnknownSetting } from './session.ts'
import { type Place, refused } from './sql-reader.ts'
import { type IsRun, type SqlToken, tokensOf } from './sql-tokens.ts'
import { parseCreateTable } from './table-columns.ts'
import { unwrap } from './unwrap.ts'

/** Statements that change nothing in what is restored, by their first words. */
const harmless = [
  'LOCK TABLE',
  'LOCK TABLES',
  'UNLOCK TABLES',
  'DROP DATABASE',
  'DROP SCHEMA',
  'DROP TABLE',
  'DROP VIEW',
  'DROP SEQUENCE',
  'DROP TRIGGER',
  'DROP PROCEDURE',
  'DROP FUNCTION',
  'DROP PACKAGE',
  'DROP EVENT',
  'COMMIT',
  'BEGIN',
  'START TRANSACTION',
  'FLUSH PRIVILEGES',
  'STOP SLAVE',
  'STOP ALL',
  'STOP REPLICA',
  'START SLAVE',
  'START ALL',
  'START REPLICA',
] as const

/** Statements about what belongs to the server and not to a schema: left out, and told. */
const ofServer = [
  'CREATE USER',
  'ALTER USER',
  'DROP USER',
  'CREATE ROLE',
  'DROP ROLE',
  'GRANT',
  'REVOKE',
  'SET DEFAULT ROLE',
  'SET ROLE',
  'SET PASSWORD',
  'EXECUTE IMMEDIATE',
  'CREATE SERVER',
  'INSTALL PLUGIN',
  'INSTALL SONAME',
] as const

export interface StatementOptions {
  readonly builder: ImportBuilder
  readonly isRun: IsRun
  /** The schema that statements without USE are about. */
  readonly defaultSchema: string | undefined
}

export class StatementReader {
  readonly session = new DumpSession()
  readonly #builder: ImportBuilder
  readonly #isRun: IsRun
  #schema: string | undefined
  /** Statements about accounts and the like, which are left out. */
  leftOut = 0
  /** Tables that were defined in another mode of SQL than the server's own. */
  ansiTables = 0
  /** Histograms that are left out. */
  histograms = 0
  /** What the last LOAD DATA loads from where; to be taken by whoever reads its file. */
  loadData: Buffer | undefined
  /** The arguments of CHANGE MASTER TO, or of CHANGE REPLICATION SOURCE TO. */
  sourceArguments: string | undefined

  constructor({ builder, isRun, defaultSchema }: StatementOptions) {
    this.#builder = builder
    this.#isRun = isRun
    this.#schema = defaultSchema
  }

  /** The schema of the session. Throws UNSUPPORTED where there is none. */
  schemaAt(place: Place, named?: string): string {
    const schema = named ?? this.#schema
    if (schema !== undefined) return schema
    throw refused(place, 'the dump does not say which schema this belongs to: name it with --schema')
  }

  use(schema: string): void {
    this.#schema = schema
  }

  /** @throws HoldfastError UNSUPPORTED with the place of a statement that is not known */
  read(wrapped: Buffer, place: Place): void {
    const { mode } = this.session
    const bytes = unwrap(wrapped, mode)
    const isRun = this.#isRun
    const tokens = tokensOf(bytes, { mode, limit: 40, isRun })
    const words = wordsOf(tokens)
    // A conditional comment for another server.
    if (tokens.length === 0 || this.#isForOthers(wrapped)) return
    if (/^SET (?!DEFAULT ROLE|ROLE|PASSWORD)/.test(`${words} `)) this.#set(bytes, place)
    else if (words.startsWith('USE ')) this.#schema = tokens[1]?.text
    else if (words.startsWith('CREATE ')) this.#create(bytes, tokens, words, place)
    else if (/^ALTER (?:DATABASE|SCHEMA)\b/.test(words)) this.#alterSchema(tokens, place)
    else if (/^(?:DO|SELECT) SETVAL\b/.test(words)) this.#setSequence(tokens, place)
    else if (/^CHANGE (?:MASTER|REPLICATION SOURCE) TO\b/.test(words))
      this.sourceArguments = bytes.toString('utf8')
    else if (words.startsWith('LOAD DATA ')) this.loadData = Buffer.from(bytes)
    else if (/^ANALYZE TABLE\b/.test(words)) this.histograms++
    else if (/^ALTER TABLE\b/.test(words) && /\b(?:DIS|EN)ABLE KEYS$/i.test(bytes.toString('latin1'))) return
    else if (words.startsWith('SELECT ') && tokens.some(isCurrentRole)) this.leftOut++
    else if (ofServer.some((known) => isStart(words, known))) this.leftOut++
    else if (!harmless.some((known) => isStart(words, known))) throw unknown(bytes, place)
  }

  /** A statement as a whole for servers of another version or family. */
  #isForOthers(wrapped: Buffer): boolean {
    const version = /^\/\*(M?)!(\d{5,6})/.exec(wrapped.toString('latin1', 0, 11))
    return version !== null && !this.#isRun(`${version[1] ?? ''}${version[2] ?? ''}`)
  }

  #set(bytes: Buffer, place: Place): void {
    try {
      this.session.set(tokensOf(bytes, { mode: this.session.mode, isRun: this.#isRun }).slice(1))
    } catch (error) {
      if (!(error instanceof UnknownSetting)) throw error
      throw refused(place, `the dump sets ${error.message}, whose meaning for the rows is not known here`)
    }
  }

  #create(bytes: Buffer, tokens: readonly SqlToken[], words: string, place: Place): void {
    const plain = () => inPlainQuotes(bytes, this.session.mode)
    if (/^CREATE (?:DATABASE|SCHEMA)\b/.test(words)) return this.#createSchema(plain(), tokens)
    if (/^CREATE (?:OR REPLACE )?SEQUENCE\b/.test(words)) return this.#createSequence(plain(), tokens, place)
    if (/^CREATE (?:OR REPLACE )?(?:TEMPORARY )?TABLE\b/.test(words)) return this.#createTable(plain(), place)
    const isLoadable = tokens.some((token) => token.kind === 'word' && /^soname$/i.test(token.text))
    if (isLoadable || ofServer.some((known) => isStart(words, known))) {
      this.leftOut++
      return undefined
    }
    return this.#createCode(bytes, tokens, place)
  }

  #createSchema(bytes: Buffer, tokens: readonly SqlToken[]): void {
    const name = tokens.find((token) => token.kind === 'name')?.text ?? ''
    if (!this.#builder.isWanted(name)) return
    const ddl = bytes.toString('utf8').replace(/ \/\*!\d+ IF NOT EXISTS\s*\*\/| IF NOT EXISTS(?= `)/i, '')
    this.#builder.defineSchema(name, ddl, collationOf(tokens))
  }

  /** Around code that was made when its schema had another collation; the last one sets back what the schema has. */
  #alterSchema(tokens: readonly SqlToken[], place: Place): void {
    const named = tokens.find((token) => token.kind === 'name')?.text
    // A dump of one schema has no other statement that names it; it may come in under another name.
    const isKnown = named !== undefined && this.#builder.schemaNames().includes(named)
    const schema = this.schemaAt(place, isKnown ? named : (this.#schema ?? named))
    if (this.#builder.isWanted(schema)) this.#builder.alterSchema(schema, collationOf(tokens))
  }

  #createSequence(bytes: Buffer, tokens: readonly SqlToken[], place: Place): void {
    const schema = this.schemaAt(place)
    if (!this.#builder.isWanted(schema)) return
    const name = tokens.find((token) => token.kind === 'name')?.text ?? ''
    this.#builder.defineSequence(schema, name, bytes.toString('utf8'))
  }

  #setSequence(tokens: readonly SqlToken[], place: Place): void {
    const schema = this.schemaAt(place)
    if (!this.#builder.isWanted(schema)) return
    const name = tokens.find((token) => token.kind === 'name')?.text ?? ''
    const [, next, used] = /,(-?\d+),([01])/.exec(tokens.map(({ text }) => text).join('')) ?? []
    const isKnown = next !== undefined && used === '0' && this.#builder.setSequence(schema, name, next)
    if (!isKnown) throw refused(place, `the state of sequence ${schema}.${name} cannot be read`)
  }

  #createTable(bytes: Buffer, place: Place): void {
    const schema = this.schemaAt(place)
    if (!this.#builder.isWanted(schema)) return
    const definition = parseCreateTable(bytes, this.#isRun)
    if (definition === undefined) throw unknown(bytes, place)
    if (definition.hasBareNames) {
      throw refused(
        place,
        `the definition of ${schema}.${definition.name} has names without quotes: dump again without --quote-names=0`,
      )
    }
    if (this.session.mode.ansiQuotes) this.ansiTables++
    const ddl = utf8Ddl(bytes).replace(/^(CREATE TABLE) IF NOT EXISTS (?=`)/i, '$1 ')
    this.#builder.defineTable(schema, definition, ddl, this.session.timeZone)
  }

  /** CREATE [OR REPLACE] [DEFINER = …] [AGGREGATE] … KIND name. */
  #createCode(bytes: Buffer, tokens: readonly SqlToken[], place: Place): void {
    const at = tokens.findIndex((token) => token.kind === 'word' && codeKinds.has(token.text.toUpperCase()))
    const kindWord = tokens[at]?.text.toUpperCase() ?? ''
    const isBody = kindWord === 'PACKAGE' && tokens[at + 1]?.text.toUpperCase() === 'BODY'
    const kind = isBody ? 'package body' : codeKinds.get(kindWord)
    if (at < 0 || kind === undefined) throw unknown(bytes, place)
    const found = nameAt(tokens, at + (isBody ? 2 : 1))
    const schema = this.schemaAt(place, found.schema)
    if (!this.#builder.isWanted(schema)) return
    const code = this.#builder.code(kind, schema, found.name, bytes, this.session)
    if (kind === 'view') this.#builder.defineView(schema, code)
    else if (kind === 'trigger') {
      const on = tokens.findIndex((token, i) => i > at && token.kind === 'word' && /^on$/i.test(token.text))
      const table = nameAt(tokens, on + 1)
      if (on < 0 || !this.#builder.defineTrigger(table.schema ?? schema, table.name, code)) {
        throw refused(place, `trigger ${found.name} is on a table that the dump does not define`)
      }
    } else this.#builder.defineCode(schema, code)
  }
}

const codeKinds: ReadonlyMap<string, CodeContent['kind']> = new Map([
  ['VIEW', 'view'],
  ['TRIGGER', 'trigger'],
  ['PROCEDURE', 'procedure'],
  ['FUNCTION', 'function'],
  ['PACKAGE', 'package'],
  ['EVENT', 'event'],
])

/** `name` or `schema.name`, over IF NOT EXISTS. */
function nameAt(
  tokens: readonly SqlToken[],
  at: number,
): { readonly schema: string | undefined; readonly name: string } {
  const start = /^if$/i.test(tokens[at]?.text ?? '') && tokens[at]?.kind === 'word' ? at + 3 : at
  const first = tokens[start]?.text ?? ''
  if (tokens[start + 1]?.text !== '.') return { schema: undefined, name: first }
  return { schema: first, name: tokens[start + 2]?.text ?? '' }
}

/** The words that a statement begins with, up to the first thing that is none. */
function wordsOf(tokens: readonly SqlToken[]): string {
  const end = tokens.findIndex((token) => token.kind !== 'word')
  const words = (end < 0 ? tokens : tokens.slice(0, end)).map(({ text }) => text.toUpperCase()).join(' ')
  return tokens[end]?.kind === 'name' ? `${words} ` : words
}

/** What a dump with accounts keeps in a variable, to take it back at its end. */
function isCurrentRole({ kind, text }: SqlToken): boolean {
  return kind === 'word' && /^current_role$/i.test(text)
}

function isStart(words: string, known: string): boolean {
  return words === known || words.startsWith(`${known} `)
}

function collationOf(tokens: readonly SqlToken[]): string | undefined {
  const after = (word: RegExp, skip: number) => {
    const at = tokens.findIndex((token) => token.kind === 'word' && word.test(token.text))
    return at < 0 ? undefined : tokens.slice(at + skip).find(({ text }) => text !== '=')?.text
  }
  const collation = after(/^collate$/i, 1)
  if (collation !== undefined) return collation
  const charset = after(/^character$/i, 2) ?? after(/^charset$/i, 1)
  if (charset === undefined) return undefined
  return defaultCollations[charset.toLowerCase()] ?? `${charset}_general_ci`
}

/** Of character sets whose default is not called `_general_ci`. Servers that have another one show it in what they print. */
const defaultCollations: Readonly<Record<string, string>> = {
  latin1: 'latin1_swedish_ci',
  sjis: 'sjis_japanese_ci',
  cp932: 'cp932_japanese_ci',
  ujis: 'ujis_japanese_ci',
  eucjpms: 'eucjpms_japanese_ci',
  big5: 'big5_chinese_ci',
  gbk: 'gbk_chinese_ci',
  gb2312: 'gb2312_chinese_ci',
  gb18030: 'gb18030_chinese_ci',
  euckr: 'euckr_korean_ci',
  tis620: 'tis620_thai_ci',
  swe7: 'swe7_swedish_ci',
  dec8: 'dec8_swedish_ci',
  hp8: 'hp8_english_ci',
  binary: 'binary',
}

function unknown(bytes: Buffer, place: Place) {
  const text = bytes.toString('utf8', 0, 200).replaceAll(/\s+/g, ' ')
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text
  return refused(place, `this statement is not known, and is not skipped: ${shown}`)
}
