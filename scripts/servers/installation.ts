// Where a server kind's programs lie on this machine: fetched packages in a cache, or a server found on the machine.

import { createHash } from 'node:crypto'
import {
  access,
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { fetchPackages } from './fetch-packages.ts'
import { whileLocked } from './process-lock.ts'
import { runProgram } from './run-program.ts'
import { type ServerKind, type ServerRecipe, serverRecipes } from './server-kinds.ts'

export interface Installation {
  readonly kind: ServerKind
  readonly flavour: 'mysql' | 'mariadb'
  /** As the server says it, e.g. `10.11.18-MariaDB` or `9.7.4`. */
  readonly version: string
  /** Holds `bin/` with a runnable program for each name; for found servers, their own folder. */
  readonly programFolder: string
  /** The server program itself. */
  readonly serverProgram: string
  /** Folder of this server's prepared data directories. */
  readonly templateFolder: string
  /** Folder with the SQL files that make system tables; only MariaDB needs it. */
  readonly shareFolders: readonly string[]
  /** Folder of compiled time zones, if there is one. */
  readonly zoneFolder: string
}

/** Part of the cache key: raise it when what is unpacked or wrapped changes. */
const recipeVersion = 1

/** `$HOLDFAST_SERVER_CACHE`, or a folder in the user's cache: outside the work tree, so that clones share it. */
export function serverCache(): string {
  const own = process.env['HOLDFAST_SERVER_CACHE']
  if (own) return path.resolve(own)
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'holdfast', 'servers')
}

/**
 * The installation of `kind`, fetched now if it is not in the cache yet. Processes that ask at the same time share
 * one download. Where packages cannot be had, a server of the same flavour named by its environment variable or
 * found on PATH serves, and `tell` hears about it.
 */
export async function ensureInstallation(
  kind: ServerKind,
  tell: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Promise<Installation> {
  const recipe = serverRecipes[kind]
  const cache = serverCache()
  const key = createHash('sha256')
    .update(JSON.stringify([recipeVersion, recipe]))
    .digest('hex')
    .slice(0, 8)
  const folder = path.join(cache, `${kind}-${key}`)
  if (!(await exists(folder))) {
    try {
      await whileLocked(path.join(cache, `${kind}.lock`), async () => {
        if (await exists(folder)) return
        tell(`fetching ${kind} from Debian ${recipe.suite} into ${cache}`)
        await install(recipe, folder)
      })
    } catch (error) {
      const found = await findOnMachine(kind, recipe, cache)
      const why = error instanceof Error ? error.message : String(error)
      if (!found) {
        const hint = `set ${recipe.programVariable} to a ${recipe.program}, or put one on PATH`
        throw new Error(`cannot fetch ${kind} (${why}); ${hint}`, { cause: error })
      }
      tell(`cannot fetch ${kind} (${why}); using ${found.serverProgram} (${found.version}) in its place`)
      return found
    }
  }
  const root = path.join(folder, 'root')
  const serverProgram = path.join(folder, 'bin', recipe.program)
  return {
    kind,
    flavour: recipe.flavour,
    version: await versionOf(folder, serverProgram),
    programFolder: path.join(folder, 'bin'),
    serverProgram,
    templateFolder: path.join(folder, 'templates'),
    shareFolders: [path.join(root, 'usr/share/mariadb'), path.join(root, 'usr/share/mysql')],
    zoneFolder: path.join(root, 'usr/share/zoneinfo'),
  }
}

/** Fetches beside the final place and renames, so that an interrupted fetch is never mistaken for a server. */
async function install(recipe: ServerRecipe, folder: string): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true })
  const work = await mkdtemp(`${folder}.partial-`)
  try {
    const image = path.join(work, 'image')
    await fetchPackages(recipe, path.join(image, 'root'), work)
    await writeWrappers(image, recipe)
    await serverVersion(path.join(image, 'bin', recipe.program))
    await rename(image, folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/**
 * Small scripts that start each program through the loader and libraries it was built with, so that a server newer
 * than this machine's libc runs, and that tell it where its own files lie, as they are not under /usr.
 */
async function writeWrappers(image: string, recipe: ServerRecipe): Promise<void> {
  const root = path.join(image, 'root')
  const loader = await findLoader(root)
  const triplet = path.basename(path.dirname(loader))
  const libraries = [`lib/${triplet}`, `usr/lib/${triplet}`, 'usr/lib/mysql/private']
  const share = (await exists(path.join(root, 'usr/share/mariadb'))) ? 'usr/share/mariadb' : 'usr/share/mysql'
  const serverOptions = [
    '--basedir="$root/usr"',
    `--lc-messages-dir="$root/${share}"`,
    `--character-sets-dir="$root/${share}/charsets"`,
    '--plugin-dir="$root/usr/lib/mysql/plugin"',
    ...(recipe.flavour === 'mysql' ? ['--secure-file-priv=NULL', '--mysqlx=OFF'] : []),
  ]
  const clientOptions =
    recipe.flavour === 'mariadb' ? [`--plugin-dir="$root/usr/lib/${triplet}/libmariadb3/plugin"`] : []
  await mkdir(path.join(image, 'bin'))
  for (const [place, names] of [
    ['usr/sbin', [recipe.program]],
    ['usr/bin', await programNames(path.join(root, 'usr/bin'))],
  ] as const) {
    for (const name of names) {
      const options = name === recipe.program ? serverOptions : name === 'mariadb' ? clientOptions : []
      const file = path.join(image, 'bin', name)
      await writeFile(file, wrapper({ loader: path.relative(root, loader), libraries, place, name, options }))
      await chmod(file, 0o755)
    }
  }
}

interface WrapperFacts {
  readonly loader: string
  readonly libraries: readonly string[]
  readonly place: string
  readonly name: string
  readonly options: readonly string[]
}

// --no-defaults and its like count only as the very first argument, so they stay in front of ours.
function wrapper(facts: WrapperFacts): string {
  return `#!/bin/sh
root=\${0%/*}/../root
case $1 in
  --no-defaults | --defaults-file=* | --defaults-extra-file=* | --print-defaults) first=$1; shift ;;
  *) first= ;;
esac
exec "$root/${facts.loader}" --library-path "${facts.libraries.map((folder) => `$root/${folder}`).join(':')}" \\
  "$root/${facts.place}/${facts.name}" \${first:+"$first"} ${facts.options.join(' ')} "$@"
`
}

/** The loader that came with the packages under `root`. */
export async function findLoader(root: string): Promise<string> {
  for (const folder of [path.join(root, 'usr/lib'), path.join(root, 'lib')]) {
    for (const triplet of (await exists(folder)) ? await readdir(folder) : []) {
      if (!triplet.endsWith('-linux-gnu')) continue
      for (const name of await readdir(path.join(folder, triplet))) {
        if (/^ld-linux-.*\.so\.\d+$/.test(name)) return path.join(folder, triplet, name)
      }
    }
  }
  throw new Error(`no loader in the packages under ${root}`)
}

/** Programs of the server's own family that are compiled: scripts need an interpreter that was not fetched. */
async function programNames(folder: string): Promise<string[]> {
  const names: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isFile() || !/^(mysql|mariadb|mbstream|ibd2sdi|innochecksum)/.test(entry.name)) continue
    await using file = await open(path.join(folder, entry.name))
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    if (buffer.equals(Buffer.from('\x7fELF', 'latin1'))) names.push(entry.name)
  }
  return names
}

async function findOnMachine(
  kind: ServerKind,
  recipe: ServerRecipe,
  cache: string,
): Promise<Installation | undefined> {
  const folders = ['/usr/sbin', '/usr/local/sbin', ...(process.env['PATH'] ?? '').split(':')]
  const named = process.env[recipe.programVariable]
  for (const file of named ? [named] : folders.map((folder) => path.join(folder, recipe.program))) {
    if (!(await exists(file))) continue
    const version = await serverVersion(file)
    if (/mariadb/i.test(version) !== (recipe.flavour === 'mariadb')) continue
    const base = path.dirname(path.dirname(file))
    return {
      kind,
      flavour: recipe.flavour,
      version,
      programFolder: path.join(base, 'bin'),
      serverProgram: file,
      templateFolder: path.join(cache, `found-${version}`),
      shareFolders: ['mariadb', 'mysql', ''].map((name) => path.join(base, 'share', name)),
      zoneFolder: '/usr/share/zoneinfo',
    }
  }
  return undefined
}

/** Kept beside a fetched server, which never changes: asking it takes a tenth of its whole start. */
async function versionOf(folder: string, program: string): Promise<string> {
  const file = path.join(folder, 'version')
  const known = (await exists(file)) ? await readFile(file, 'utf8') : ''
  // Empty for a moment while another process writes it.
  if (known !== '') return known
  const version = await serverVersion(program)
  await writeFile(file, version)
  return version
}

/** `mysqld  Ver 9.7.4-2 for debian-linux-gnu …`, `mariadbd  Ver 10.11.18-MariaDB-0+deb12u1 for …` */
async function serverVersion(program: string): Promise<string> {
  const said = await runProgram(program, ['--no-defaults', '--version'])
  const version = /Ver (\d+\.\d+\.\d+(-MariaDB)?)/.exec(said)?.[1]
  if (!version) throw new Error(`${program} does not say its version: ${said}`)
  return version
}

export async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
