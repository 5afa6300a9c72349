// Which collation of the target comes nearest to one that it does not have, and what is not the same about it.
import type { Tell } from './report.ts'
import type { TargetServer } from './target-server.ts'

export interface MappedCollation {
  readonly name: string
  /** Absent where the target has it as it is. */
  readonly note?: string
}

/** Of MySQL's names for languages, those of MariaDB; all others have the order of the root there. */
const languages: Readonly<Record<string, string>> = {
  cs: 'czech',
  da: 'danish',
  de_pb: 'german2',
  eo: 'esperanto',
  es: 'spanish',
  es_trad: 'spanish2',
  et: 'estonian',
  hr: 'croatian',
  hu: 'hungarian',
  is: 'icelandic',
  la: 'roman',
  lt: 'lithuanian',
  lv: 'latvian',
  pl: 'polish',
  ro: 'romanian',
  sk: 'slovak',
  sl: 'slovenian',
  sv: 'swedish',
  tr: 'turkish',
  vi: 'vietnamese',
}
const mysqlLanguages = new Map(Object.entries(languages).map(([mysql, mariadb]) => [mariadb, mysql]))

interface Unicode {
  readonly charset: string
  /** MariaDB's name of it; '' for the root. */
  readonly language: string
  readonly isAccentSensitive: boolean
  readonly isCaseSensitive: boolean
  /** Spaces at the end count. */
  readonly isNoPad: boolean
  readonly isBinary: boolean
}

/** Undefined where nothing comes near. */
export function mapCollation(name: string, target: TargetServer): MappedCollation | undefined {
  if (target.collations.has(name)) return { name }
  const from = parse(name)
  const candidates = from === undefined ? plainCandidates(name) : unicodeCandidates(from, target)
  const found = candidates.find((candidate) => target.collations.has(candidate))
  return found === undefined ? undefined : { name: found, note: noteOn(name, found, from) }
}

function parse(name: string): Unicode | undefined {
  const mysql = /^(utf8mb4)_(?:(\w+)_)?0900_(?:bin|(ai|as)_(ci|cs)(?:_ks)?)$/.exec(name)
  if (mysql !== null) {
    const [, charset = '', language = '', accents, cases] = mysql
    return {
      charset,
      language: languages[language] ?? '',
      isAccentSensitive: accents !== 'ai',
      isCaseSensitive: cases !== 'ci',
      isNoPad: true,
      isBinary: accents === undefined,
    }
  }
  const mariadb = /^(\w+?)_uca1400_(?:(\w+?)_)??(nopad_)?(ai|as)_(ci|cs)$/.exec(name)
  if (mariadb === null) return undefined
  const [, charset = '', language = '', pad, accents, cases] = mariadb
  return {
    charset,
    language,
    isAccentSensitive: accents === 'as',
    isCaseSensitive: cases === 'cs',
    isNoPad: pad !== undefined,
    isBinary: false,
  }
}

/** The nearest first. Where accents or case count they go on to count, so that no unique key refuses rows that it had. */
function unicodeCandidates(from: Unicode, { flavour }: TargetServer): readonly string[] {
  const { charset, language, isAccentSensitive, isCaseSensitive, isNoPad, isBinary } = from
  const accents = isAccentSensitive ? 'as' : 'ai'
  const cases = isCaseSensitive ? 'cs' : 'ci'
  const exact = isBinary || isAccentSensitive || isCaseSensitive
  const bytes =
    flavour === 'mysql'
      ? [`${charset}_0900_bin`, `${charset}_bin`]
      : [`${charset}_nopad_bin`, `${charset}_bin`]
  if (isBinary) return bytes
  const modern =
    flavour === 'mysql'
      ? [language === '' ? '' : (mysqlLanguages.get(language) ?? ''), '']
          .map((code) => (code === '' ? charset : `${charset}_${code}`))
          .flatMap((prefix) => [
            `${prefix}_0900_${accents}_${cases}`,
            ...(exact ? [`${prefix}_0900_as_cs`] : []),
          ])
      : [language, ''].map(
          (name) =>
            `${charset}_uca1400_${name === '' ? '' : `${name}_`}${isNoPad ? 'nopad_' : ''}${accents}_${cases}`,
        )
  if (exact) return [...modern, ...bytes]
  const older = language === '' ? [] : [`${charset}_${language}_ci`]
  const padded = [`${charset}_unicode_520_ci`, `${charset}_unicode_ci`, `${charset}_general_ci`]
  return [...modern, ...older, ...(isNoPad ? [`${charset}_unicode_520_nopad_ci`] : []), ...padded]
}

/** MariaDB's nopad twins, and collations of its own. */
function plainCandidates(name: string): readonly string[] {
  const [charset = ''] = name.split('_')
  const isBytes = name.endsWith('_bin')
  return [
    ...(name === 'utf8mb4_nopad_bin' ? ['utf8mb4_0900_bin'] : []),
    ...(name === 'utf8mb4_0900_bin' ? ['utf8mb4_nopad_bin'] : []),
    ...(/^utf8mb4_unicode(?:_520)?_nopad_ci$/.test(name) ? ['utf8mb4_0900_ai_ci'] : []),
    name.replace('_nopad', ''),
    name.replace(/_mysql561(?=_ci$)/, ''),
    ...(isBytes ? [`${charset}_bin`] : []),
    `${charset}_unicode_520_ci`,
    `${charset}_general_ci`,
    `${charset}_bin`,
  ]
}

function noteOn(name: string, found: string, from: Unicode | undefined): string {
  if (from?.isBinary === true || name.endsWith('_bin')) return `collation ${name} becomes ${found}`
  const to = parse(found)
  const wasNoPad = from?.isNoPad ?? name.includes('nopad')
  const isNoPad = to?.isNoPad ?? found.includes('nopad')
  const pad =
    wasNoPad === isNoPad
      ? ''
      : isNoPad
        ? '; spaces at the end of a text count now'
        : '; spaces at the end of a text do not count any more'
  const isFiner = found.endsWith('_bin')
  const how = isFiner
    ? 'texts are compared byte by byte, so that case and accents always count'
    : 'texts may sort and compare otherwise'
  return `collation ${name} becomes ${found}: ${how}${pad}`
}

/** Maps, and tells. Where nothing comes near, the name stays, and the target will refuse it. */
export function toldCollation(name: string, target: TargetServer, tell: Tell): string {
  const mapped = mapCollation(name, target)
  if (mapped?.note !== undefined) tell('differs', mapped.note)
  return mapped?.name ?? name
}
