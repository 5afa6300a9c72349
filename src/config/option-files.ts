// Reads option files as MySQL's clients do: which ones, in which order, with what they include.
import type { Stats } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { HoldfastError } from '../core/errors.ts'
import { decryptLoginPathFile } from './login-path-file.ts'
import { type IncludeLine, invalid, type OptionLine, parseOptionFile } from './option-file-parser.ts'

export interface OptionFileChoice {
  /** --defaults-file: read only this one. */
  readonly defaultsFile?: string | undefined
  /** --defaults-extra-file: read after the global files, before the user's. */
  readonly defaultsExtraFile?: string | undefined
  /** --defaults-group-suffix: also read [client<suffix>] and so on. */
  readonly groupSuffix?: string | undefined
  /** --login-path: a group of .mylogin.cnf. */
  readonly loginPath?: string | undefined
  readonly env: NodeJS.ProcessEnv
  /** Files of the whole machine; the ones of the clients by default. */
  readonly globalFiles?: readonly string[] | undefined
  /** Told what should be known but stops nothing. */
  readonly notice?: ((message: string) => void) | undefined
}

/** Both flavours' client groups, and our own. */
const clientGroups = ['client', 'client-server', 'client-mariadb', 'holdfast']
const globalOptionFiles = ['/etc/my.cnf', '/etc/mysql/my.cnf']
/** MAX_RECURSE_LEVEL of my_default.cc */
const maxIncludeDepth = 10

/** The options of our groups in the order in which they count: the last one wins. Throws CONFIG_INVALID with file and line. */
export async function readOptionFiles(choice: OptionFileChoice): Promise<readonly OptionLine[]> {
  const lines: OptionLine[] = []
  if (choice.defaultsFile === undefined) {
    for (const file of choice.globalFiles ?? globalOptionFiles)
      await readFileInto(lines, file, 'optional', choice)
    if (choice.defaultsExtraFile !== undefined) {
      await readFileInto(lines, choice.defaultsExtraFile, 'required', choice)
    }
    await readFileInto(lines, path.join(home(choice), '.my.cnf'), 'optional', choice)
  } else {
    await readFileInto(lines, choice.defaultsFile, 'required', choice)
  }
  // Read always and last, whatever else was chosen ("mysql_config_editor" in the manual).
  lines.push(...(await readLoginPaths(choice)))
  const groups = wantedGroups(choice)
  return lines.filter((line) => groups.has(line.group))
}

/** Every option of a file and of those it includes, whatever their groups. Throws CONFIG_INVALID with file and line. */
export async function readWholeOptionFile(
  file: string,
  choice: Pick<OptionFileChoice, 'env' | 'notice'>,
): Promise<readonly OptionLine[]> {
  const lines: OptionLine[] = []
  await readFileInto(lines, file, 'required', choice)
  return lines
}

function wantedGroups({ groupSuffix, env, loginPath }: OptionFileChoice): ReadonlySet<string> {
  const suffix = groupSuffix ?? env['MYSQL_GROUP_SUFFIX'] ?? ''
  const groups =
    suffix === '' ? clientGroups : [...clientGroups, ...clientGroups.map((name) => name + suffix)]
  return new Set(loginPath === undefined ? groups : [...groups, loginPathGroup(loginPath)])
}

/** A login path is a group of its own file alone: [prod] in my.cnf is somebody else's. */
function loginPathGroup(loginPath: string): string {
  return `login-path:${loginPath}`
}

async function readFileInto(
  lines: OptionLine[],
  file: string,
  need: 'optional' | 'required',
  choice: OptionFileChoice,
): Promise<void> {
  const found = await open(expandHome(file, choice), need)
  if (found === undefined) return
  await follow(lines, found, choice, 0)
}

interface FoundFile {
  readonly file: string
  readonly bytes: Buffer
  readonly stats: Stats
}

async function open(file: string, need: 'optional' | 'required'): Promise<FoundFile | undefined> {
  try {
    const [bytes, stats] = await Promise.all([readFile(file), stat(file)])
    return { file, bytes, stats }
  } catch (cause) {
    if (need === 'optional' && isMissing(cause)) return undefined
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new HoldfastError(
      'CONFIG_INVALID',
      `cannot read the option file ${file}: ${why}`,
      { file },
      { cause },
    )
  }
}

async function follow(
  lines: OptionLine[],
  { file, bytes, stats }: FoundFile,
  choice: OptionFileChoice,
  depth: number,
): Promise<void> {
  if ((stats.mode & 0o002) !== 0 && stats.isFile()) {
    // As the clients do: anybody could have written it.
    choice.notice?.(`${file} can be written by everyone, so it is not read; run: chmod o-w ${file}`)
    return
  }
  const parsed = parseOptionFile(bytes.toString('utf8'), file)
  const hasPassword = parsed.some((line) => line.kind === 'option' && line.name === 'password' && line.value)
  if (hasPassword && (stats.mode & 0o004) !== 0) {
    choice.notice?.(`${file} holds a password and can be read by everyone; run: chmod 600 ${file}`)
  }
  for (const line of parsed) {
    if (line.kind === 'option') lines.push(line)
    else await include(lines, line, choice, depth + 1)
  }
}

async function include(
  lines: OptionLine[],
  directive: IncludeLine,
  choice: OptionFileChoice,
  depth: number,
): Promise<void> {
  if (depth > maxIncludeDepth) {
    throw invalid(directive.file, directive.line, `includes are nested more than ${maxIncludeDepth} deep`)
  }
  try {
    for (const file of await includedFiles(directive)) {
      const found = await open(file, 'required')
      if (found !== undefined) await follow(lines, found, choice, depth)
    }
  } catch (cause) {
    if (cause instanceof HoldfastError && cause.details['line'] !== undefined) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HoldfastError(
      'CONFIG_INVALID',
      `${directive.file}:${directive.line}: ${why}`,
      { file: directive.file, line: directive.line },
      { cause },
    )
  }
}

async function includedFiles({ kind, path: target }: IncludeLine): Promise<readonly string[]> {
  if (kind === 'include') return [target]
  const names = await readdir(target)
  return names
    .filter((name) => name.endsWith('.cnf'))
    .toSorted()
    .map((name) => path.join(target, name))
}

async function readLoginPaths(choice: OptionFileChoice): Promise<readonly OptionLine[]> {
  const { env, loginPath } = choice
  const file = env['MYSQL_TEST_LOGIN_FILE'] ?? path.join(home(choice), '.mylogin.cnf')
  const found = await open(file, loginPath === undefined ? 'optional' : 'required')
  if (found === undefined) return []
  if ((found.stats.mode & 0o077) !== 0) {
    choice.notice?.(`${file} is not only its owner's, so it is not read; run: chmod 600 ${file}`)
    return []
  }
  const lines = parseOptionFile(decryptLoginPathFile(found.bytes, file), file).filter(
    (line) => line.kind === 'option',
  )
  if (loginPath !== undefined && !lines.some((line) => line.group === loginPath)) {
    const known = [...new Set(lines.map((line) => line.group))].join(', ')
    throw new HoldfastError('CONFIG_INVALID', `${file} has no login path ${loginPath}; it has ${known}`, {
      file,
    })
  }
  // The chosen path counts more than [client] wherever it stands in the file.
  const chosen = lines
    .filter((line) => line.group === loginPath)
    .map((line) => ({ ...line, group: loginPathGroup(line.group) }))
  return [...lines, ...chosen]
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')
}

function home({ env }: OptionFileChoice): string {
  return env['HOME'] ?? homedir()
}

function expandHome(file: string, choice: OptionFileChoice): string {
  return file.startsWith('~/') ? path.join(home(choice), file.slice(2)) : path.resolve(file)
}
