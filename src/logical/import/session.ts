// The session that a dump sets up with SET statements: what of it decides how the statements behind them are read.
import type { LexicalMode } from './sql-scan.ts'
import type { SqlToken } from './sql-tokens.ts'

/** Character sets in which a backslash may be the second byte of a character. */
const backslashCharsets = new Set(['sjis', 'cp932', 'big5', 'gbk', 'gb18030'])

/** ANSI_QUOTES, and modes that stand for several and for that one among them. */
const quotingModes = ['ANSI_QUOTES', 'ANSI', 'ORACLE', 'MSSQL', 'DB2', 'MAXDB', 'POSTGRESQL'] as const

const defaultCollations: Readonly<Record<string, string>> = {
  utf8mb4: 'utf8mb4_general_ci',
  utf8mb3: 'utf8mb3_general_ci',
  utf8: 'utf8_general_ci',
  latin1: 'latin1_swedish_ci',
  binary: 'binary',
}

/** Variables that change nothing in what the rows and definitions of a dump mean. */
const harmless = new Set(
  (
    'unique_checks foreign_key_checks sql_notes note_verbosity sql_log_bin autocommit innodb_stats_auto_recalc sql_quote_show_create ' +
    'character_set_results character_set_connection character_set_database net_read_timeout net_write_timeout wait_timeout lock_wait_timeout ' +
    'innodb_lock_wait_timeout max_allowed_packet sql_require_primary_key sql_generate_invisible_primary_key show_create_table_skip_secondary_engine ' +
    'check_constraint_checks system_versioning_insert_history session_track_gtids default_storage_engine ' +
    'restrict_fk_on_non_standard_key explicit_defaults_for_timestamp log_bin_trust_function_creators tx_isolation transaction_isolation ' +
    'optimizer_switch sql_safe_updates insert_id cte_max_recursion_depth group_concat_max_len rocksdb_bulk_load'
  ).split(' '),
)

export class UnknownSetting extends Error {}

/** Begins as the session of a client that has said nothing: with an empty mode, in utf8mb4. */
export class DumpSession {
  sqlMode = ''
  charsetClient = 'utf8mb4'
  collationConnection = 'utf8mb4_general_ci'
  /** Undefined until the dump sets it: then times are in the zone of whoever reads it. */
  timeZone: string | undefined
  /** The character set of the last SET NAMES. */
  names = 'utf8mb4'
  /** MySQL: what the server had executed. */
  gtidPurged: string | undefined
  /** MariaDB: the same. */
  gtidSlavePos: string | undefined
  readonly #kept = new Map<string, string | undefined>()

  get mode(): LexicalMode {
    const flags = new Set(this.sqlMode.toUpperCase().split(','))
    return {
      ansiQuotes: quotingModes.some((mode) => flags.has(mode)),
      noBackslashEscapes: flags.has('NO_BACKSLASH_ESCAPES'),
      hasBackslashInCharacters: backslashCharsets.has(this.charsetClient),
    }
  }

  /**
   * Runs a SET statement, whose tokens begin behind the word SET.
   * @throws UnknownSetting naming a variable that is not known to be harmless
   */
  set(tokens: readonly SqlToken[]): void {
    const [first] = tokens
    if (first?.kind === 'word' && /^names$/i.test(first.text)) {
      this.#setNames(tokens.slice(1))
      return
    }
    for (const assignment of assignmentsOf(tokens)) this.#assign(assignment)
  }

  #setNames([charset, word, collation]: readonly SqlToken[]): void {
    const name = charset?.text.toLowerCase() ?? ''
    this.names = name
    this.charsetClient = name
    this.collationConnection =
      word !== undefined && /^collate$/i.test(word.text) && collation !== undefined
        ? collation.text
        : (defaultCollations[name] ?? `${name}_general_ci`)
  }

  #assign({ isUser, name, value }: Assignment): void {
    const result = this.#valueOf(value)
    if (isUser) {
      this.#kept.set(name, result)
      return
    }
    switch (name) {
      case 'sql_mode':
        this.sqlMode = result ?? ''
        break
      case 'character_set_client':
        this.charsetClient = (result ?? 'utf8mb4').toLowerCase()
        break
      case 'collation_connection':
        this.collationConnection = result ?? 'utf8mb4_general_ci'
        break
      case 'time_zone':
        this.timeZone = result
        break
      case 'gtid_purged':
        this.gtidPurged = (result ?? '').replaceAll(/[\s+]/g, '')
        break
      case 'gtid_slave_pos':
        this.gtidSlavePos = result ?? ''
        break
      default:
        if (!harmless.has(name)) throw new UnknownSetting(name)
    }
  }

  #valueOf(tokens: readonly SqlToken[]): string | undefined {
    const [first] = tokens
    if (first === undefined) return undefined
    if (first.kind !== 'symbol' || first.text !== '@') {
      // GTID_PURGED=/*!80000 '+'*/ '…': texts side by side are one.
      return tokens.map((token) => token.text).join('')
    }
    const name = (tokens.at(-1)?.text ?? '').toLowerCase()
    if (tokens[1]?.text !== '@') return this.#kept.get(name)
    const known: Readonly<Record<string, string | undefined>> = {
      sql_mode: this.sqlMode,
      character_set_client: this.charsetClient,
      collation_connection: this.collationConnection,
      time_zone: this.timeZone,
    }
    return known[name]
  }
}

interface Assignment {
  readonly isUser: boolean
  /** In lower case. */
  readonly name: string
  readonly value: readonly SqlToken[]
}

function assignmentsOf(tokens: readonly SqlToken[]): readonly Assignment[] {
  return split(tokens, (token) => token.kind === 'symbol' && token.text === ',').map((part) => {
    const equals = part.findIndex((token) => token.kind === 'symbol' && token.text === '=')
    if (equals < 1) throw new UnknownSetting(part.map(({ text }) => text).join(' '))
    const target = part.slice(0, equals).filter(({ text }) => text !== ':')
    const isUser = target[0]?.text === '@' && target[1]?.text !== '@'
    const names = target
      .filter(({ text }) => text !== '@' && text !== '.')
      .map(({ text }) => text.toLowerCase())
    const name = names.at(-1) ?? ''
    return { isUser, name, value: part.slice(equals + 1) }
  })
}

function split(
  tokens: readonly SqlToken[],
  isBoundary: (token: SqlToken) => boolean,
): readonly (readonly SqlToken[])[] {
  const parts: SqlToken[][] = [[]]
  for (const token of tokens) {
    if (isBoundary(token)) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}
