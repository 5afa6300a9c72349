// Options of a table and its partitions in the form that the target takes.
import { edited, isSymbol, isWord, tokensIn } from './ddl-text.ts'
import type { TableContext } from './table-context.ts'
import { optionValue, type TableOption, type TableTail } from './table-options.ts'

/** What both flavours know. */
const shared = new Set(
  (
    'ENGINE AUTO_INCREMENT AVG_ROW_LENGTH CHARSET COLLATE CHECKSUM COMMENT CONNECTION DELAY_KEY_WRITE INSERT_METHOD KEY_BLOCK_SIZE ' +
    'MAX_ROWS MIN_ROWS PACK_KEYS ROW_FORMAT STATS_PERSISTENT STATS_AUTO_RECALC STATS_SAMPLE_PAGES UNION'
  ).split(' '),
)
/** They say how a table of Aria is kept, and that is told of the engine. */
const ofAria = new Set(['TRANSACTIONAL', 'PAGE_CHECKSUM'])
/** These partition tables in MySQL; on MariaDB most engines do. */
const partitioned = new Set(['INNODB', 'NDB', 'NDBCLUSTER'])

export interface Engine {
  readonly name: string
  /** Another one than in the source. */
  readonly isReplaced: boolean
}

/** InnoDB where the target has not the engine of the source. */
export function engineFor(tail: TableTail, hasRows: boolean, { target, tell }: TableContext): Engine {
  const name = optionValue(tail, 'ENGINE') ?? 'InnoDB'
  const upper = name.toUpperCase()
  const isPartitionable = tail.partitions === '' || target.flavour === 'mariadb' || partitioned.has(upper)
  if (target.engines.has(upper) && isPartitionable) return { name, isReplaced: false }
  const empty = hasRows ? '' : ', without rows: they were not its own'
  tell('changed', `engine ${name} becomes InnoDB${empty}`)
  return { name: 'InnoDB', isReplaced: true }
}

export function translatedTail(tail: TableTail, engine: Engine, context: TableContext): TableTail {
  const { features, tell } = context
  if (tail.isVersioned && !features.systemVersioning) {
    tell('dropped', 'system versioning: from now on the table keeps no versions of its rows')
  }
  return {
    options: tail.options.flatMap((option) => translatedOption(option, engine, context)),
    isVersioned: tail.isVersioned && features.systemVersioning,
    partitions: translatedPartitions(tail.partitions, engine, context),
  }
}

function translatedOption(
  option: TableOption,
  engine: Engine,
  context: TableContext,
): readonly TableOption[] {
  const { name, value, text } = option
  const { tell, isOtherFlavour } = context
  if (name === 'ENGINE') return [engine.isReplaced ? { ...option, text: `ENGINE=${engine.name}` } : option]
  if (
    engine.isReplaced &&
    (ofAria.has(name) || ['UNION', 'INSERT_METHOD', 'CONNECTION', 'ROW_FORMAT'].includes(name))
  ) {
    return []
  }
  if (!isOtherFlavour) return [option]
  // MySQL encrypts by default what its schema says.
  if (name === 'ENCRYPTION' && value === "'N'") return []
  if (shared.has(name)) return [option]
  tell('dropped', `option ${text.replaceAll('`', '')}`)
  return []
}

function translatedPartitions(partitions: string, engine: Engine, context: TableContext): string {
  if (partitions === '') return ''
  const { object, features, target, tell, isOtherFlavour } = context
  const tokens = tokensIn(partitions, object)
  const isByTime = isWord(tokens[2], 'SYSTEM_TIME')
  if (isByTime && !features.systemVersioning) {
    tell('dropped', 'its partitions, which are by SYSTEM_TIME')
    return ''
  }
  // PARTITION p DEFAULT, of LIST
  const hasDefault = tokens.some(
    (token, at) => isWord(token, 'DEFAULT') && isWord(tokens[at - 2], 'PARTITION'),
  )
  if (hasDefault && target.flavour === 'mysql') {
    tell('dropped', 'its partitions, for one of them takes what no other does')
    return ''
  }
  const edits = tokens.flatMap((token, at) => {
    const hasSign = isSymbol(tokens[at + 1], '=')
    const value = tokens[hasSign ? at + 2 : at + 1]
    if (value === undefined) return []
    if (isWord(token, 'ENGINE') && hasSign && engine.isReplaced) {
      return [{ start: value.start, end: value.end, text: engine.name }]
    }
    const isPlace = isWord(token, 'DIRECTORY') && isWord(tokens[at - 1], 'DATA', 'INDEX')
    const isSpace = isWord(token, 'TABLESPACE')
    if (!isOtherFlavour || !(isPlace || isSpace)) return []
    const start = (isPlace ? tokens[at - 1]?.start : token.start) ?? token.start
    tell('dropped', `partitions: ${partitions.slice(start, value.end)}`)
    return [{ start, end: value.end, text: '' }]
  })
  return edited(partitions, edits)
}
