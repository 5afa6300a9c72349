// What of a backup of files does not fit the server that is to take them, and what its option file says of it: told before a byte is written.
import type { BackupSource } from '../../core/backup.ts'
import type { PhysicalContent } from '../content.ts'

export interface Taker {
  /** Of the server program. */
  readonly path: string
  readonly version: string
  /** As `uname -m` names it. */
  readonly architecture: string
  /** Of the option file that it is given; absent where there is none. */
  readonly options?: ReadonlyMap<string, string> | undefined
}

export interface Misfit {
  readonly what: string
  /** A sentence on what to do about it. */
  readonly hint: string
}

export function misfits(
  { origin }: Pick<BackupSource, 'origin'>,
  content: Pick<PhysicalContent, 'server' | 'files'>,
  taker: Taker,
): readonly Misfit[] {
  const found = [
    seriesMisfit(origin, taker),
    architectureMisfit(content, taker),
    keyringMisfit(origin, content, taker),
    ...optionMisfits(content, taker),
  ]
  return found.filter((misfit) => misfit !== undefined)
}

/**
 * The formats of the redo log and of the data dictionary belong to a series (9.7, 10.11): only a server of that series recovers them, and
 * none that is older than the one that wrote them.
 */
function seriesMisfit({ flavour, serverVersion }: BackupSource['origin'], taker: Taker): Misfit | undefined {
  const has = numbersOf(taker.version)
  const wants = numbersOf(serverVersion)
  const isSame = has[0] === wants[0] && has[1] === wants[1]
  if (isSame && (has[2] ?? 0) >= (wants[2] ?? 0)) return undefined
  return {
    what: `the backup is of ${flavour} ${serverVersion}, and ${taker.path} is ${taker.version}`,
    hint: `Give a server of ${wants.slice(0, 2).join('.')}, ${wants.join('.')} or newer, with --server-program PATH; or restore the files alone with --raw.`,
  }
}

function numbersOf(version: string): readonly number[] {
  return (/^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1) ?? []).map(Number)
}

function architectureMisfit({ server }: Pick<PhysicalContent, 'server'>, taker: Taker): Misfit | undefined {
  if (server.architecture === taker.architecture) return undefined
  return {
    what: `the backup is of a server on ${server.architecture}, and this machine is ${taker.architecture}`,
    hint: 'Restore it on a machine of that kind, or the files alone with --raw.',
  }
}

/**
 * A plugin with the keys is loaded by an option. MySQL finds the components of its keyring by a manifest beside the program, or in the data directory, and wants no
 * option for them; where there is none, the server says so when it recovers.
 */
function keyringMisfit(
  { flavour }: BackupSource['origin'],
  { server: { keyring } }: Pick<PhysicalContent, 'server'>,
  taker: Taker,
): Misfit | undefined {
  const isPlugin = keyring !== undefined && (flavour === 'mariadb' || /\.so\b/.test(keyring))
  if (!isPlugin || taker.options !== undefined) return undefined
  return {
    what: `what the server stored is encrypted (${keyring}), and no option file says where the keys are`,
    hint: 'Name one that loads the plugin with the keys: --server-options FILE.',
  }
}

function* optionMisfits(
  { server, files }: Pick<PhysicalContent, 'server' | 'files'>,
  { options }: Taker,
): Generator<Misfit> {
  const differs = (option: string, has: string | number): Misfit => ({
    what: `the option file says ${option}=${options?.get(option)}, and the files are of ${has}`,
    hint: 'Correct the option file: a server that is started with it would not take the files.',
  })
  const pages = sizeOf(options?.get('innodb-page-size'))
  if (pages !== undefined && pages !== server.pageBytes) yield differs('innodb-page-size', server.pageBytes)
  const names = options?.get('lower-case-table-names')
  const { lowerCaseTableNames } = server
  if (names !== undefined && lowerCaseTableNames !== undefined && Number(names) !== lowerCaseTableNames)
    yield differs('lower-case-table-names', lowerCaseTableNames)
  const dataFiles = options?.get('innodb-data-file-path')
  if (dataFiles === undefined) return
  const wanted = dataFileNames(dataFiles)
  const has =
    server.dataFilePath === undefined
      ? files.flatMap(({ path }) => (/^ibdata\d*$/.test(path) ? [path] : []))
      : dataFileNames(server.dataFilePath)
  if (wanted.toSorted().join() !== has.toSorted().join())
    yield differs('innodb-data-file-path', has.join(', '))
}

/** `16k`, `64K`, `4096`; undefined for what is no size, which the server itself will say. */
function sizeOf(text: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d+)(k?)$/i.exec(text ?? '') ?? []
  return digits === undefined ? undefined : Number(digits) * (unit === '' ? 1 : 1024)
}

/** Sizes and folders are for the server that is started later. */
function dataFileNames(dataFilePath: string): readonly string[] {
  return dataFilePath.split(';').map((part) => part.replace(/^[^:]*\//, '').replace(/:.*$/, ''))
}
