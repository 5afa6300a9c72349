// Fetches Debian packages into a folder without installing them and without root: a private apt state per suite.
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runProgram } from './run-program.ts'
import type { ServerRecipe } from './server-kinds.ts'

const hostKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const publicMirror = 'http://deb.debian.org/debian'

/** What is fetched, and from which suite. */
export type PackageList = Pick<ServerRecipe, 'suite' | 'packages' | 'loosePackages'>

/**
 * Downloads a recipe's packages as the suite has them now and unpacks them under `root`. `work` is a folder for
 * apt's state; the caller removes it.
 */
export async function fetchPackages(recipe: PackageList, root: string, work: string): Promise<void> {
  let failure: unknown
  for (const mirror of new Set([await hostMirror(), publicMirror])) {
    const state = path.join(work, `apt-${encodeURIComponent(mirror)}`)
    try {
      await download(recipe, mirror, state)
      await unpack(path.join(state, 'archives'), root)
      return
    } catch (error) {
      failure = error
      await rm(state, { recursive: true, force: true })
    }
  }
  throw failure
}

async function download(recipe: PackageList, mirror: string, state: string): Promise<void> {
  const apt = await trustingApt(state, recipe.suite, mirror)
  await apt(['install', '--yes', '--download-only', '--no-install-recommends', ...recipe.packages])
  if (recipe.loosePackages.length > 0) await apt(['download', ...recipe.loosePackages])
}

type Apt = (args: readonly string[]) => Promise<string>

/** An apt-get that knows one suite, owns its lists, and believes that nothing is installed. */
async function prepareApt(state: string, suite: string, mirror: string, keyring: string): Promise<Apt> {
  const archives = path.join(state, 'archives')
  await mkdir(path.join(state, 'lists', 'partial'), { recursive: true })
  await mkdir(path.join(archives, 'partial'), { recursive: true })
  await writeFile(path.join(state, 'status'), '')
  // apt undoes percent signs in this file, so that paths with blanks can be written.
  await writeFile(
    path.join(state, 'sources.list'),
    `deb [signed-by=${encodeURI(keyring)}] ${mirror} ${suite} main\n`,
  )
  const architecture = (await runProgram('dpkg', ['--print-architecture'])).trim()
  // Hooks of the machine (docker-clean deletes every .deb after a run) and its foreign architectures must not count;
  // its proxies must, so its configuration is read first and corrected.
  await writeFile(
    path.join(state, 'apt.conf'),
    [
      '#clear APT::Update::Pre-Invoke;',
      '#clear APT::Update::Post-Invoke;',
      '#clear APT::Update::Post-Invoke-Success;',
      '#clear DPkg::Pre-Invoke;',
      '#clear DPkg::Post-Invoke;',
      '#clear DPkg::Pre-Install-Pkgs;',
      '#clear APT::Architectures;',
      '#clear APT::Default-Release;',
      `APT::Architecture "${architecture}";`,
      `APT::Architectures { "${architecture}"; };`,
      'APT::Sandbox::User "root";',
      'APT::Keep-Downloaded-Packages "true";',
      'Acquire::Languages "none";',
      'Acquire::Retries "3";',
      `Dir::State "${state}";`,
      `Dir::State::lists "${path.join(state, 'lists')}";`,
      `Dir::State::status "${path.join(state, 'status')}";`,
      `Dir::Cache "${state}";`,
      `Dir::Cache::archives "${archives}";`,
      `Dir::Etc::sourcelist "${path.join(state, 'sources.list')}";`,
      'Dir::Etc::sourceparts "/dev/null";',
      'Dir::Etc::preferences "/dev/null";',
      'Dir::Etc::preferencesparts "/dev/null";',
      '',
    ].join('\n'),
  )
  return (args) =>
    runProgram('apt-get', ['-q', '-c', path.join(state, 'apt.conf'), ...args], {
      cwd: archives,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    })
}

/**
 * An updated apt for `suite`. Where the machine's keyring is too old to know the suite's keys, it takes the
 * debian-archive-keyring package of an older suite, which the keyring before it vouches for: a chain without a gap.
 */
async function trustingApt(state: string, suite: string, mirror: string): Promise<Apt> {
  let keyring = await machineKeyring(state)
  for (const stone of ['bookworm', 'trixie', undefined]) {
    const apt = await prepareApt(state, suite, mirror, keyring)
    if (await isTrusted(apt)) return apt
    if (stone === undefined) break
    const folder = `${state}-${stone}`
    const older = await prepareApt(folder, stone, mirror, keyring)
    if (await isTrusted(older)) keyring = await keyringOf(older, folder)
  }
  throw new Error(`no keyring of this machine vouches for Debian ${suite}; update debian-archive-keyring`)
}

async function isTrusted(apt: Apt): Promise<boolean> {
  try {
    await apt(['update', '--error-on=any'])
    return true
  } catch (error) {
    if (error instanceof Error && /NO_PUBKEY|EXPKEYSIG|not signed|Missing key/.test(error.message))
      return false
    throw error
  }
}

async function machineKeyring(state: string): Promise<string> {
  try {
    await access(hostKeyring)
    return hostKeyring
  } catch (error) {
    if (!isMissing(error)) throw error
    // Other distributions carry Debian's keyring as a package that their own keys vouch for.
    const folder = `${state}-host`
    await mkdir(path.join(folder, 'archives'), { recursive: true })
    return keyringOf((args) => runProgram('apt-get', args, { cwd: path.join(folder, 'archives') }), folder)
  }
}

async function keyringOf(apt: Apt, folder: string): Promise<string> {
  await apt(['download', 'debian-archive-keyring'])
  const root = path.join(folder, 'root')
  await unpack(path.join(folder, 'archives'), root)
  return path.join(root, hostKeyring)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

async function unpack(archives: string, root: string): Promise<void> {
  await mkdir(root, { recursive: true })
  for (const name of await readdir(archives)) {
    if (name.endsWith('.deb')) await runProgram('dpkg', ['-x', path.join(archives, name), root])
  }
  for (const dead of ['doc', 'man', 'locale', 'lintian', 'info', 'perl']) {
    await rm(path.join(root, 'usr', 'share', dead), { recursive: true, force: true })
  }
}

/** The Debian mirror that the machine itself is set up with, so that what works there works here. */
async function hostMirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d'
  const parts = await readdir(folder).catch(() => [])
  const files = parts.filter((name) => /\.(list|sources)$/.test(name)).map((name) => path.join(folder, name))
  for (const file of ['/etc/apt/sources.list', ...files]) {
    const text = await readFile(file, 'utf8').catch(() => '')
    const live = text.split('\n').filter((line) => !line.trimStart().startsWith('#'))
    const mirror = /https?:\/\/\S+\/debian(?=\/?(\s|$))/.exec(live.join('\n'))
    if (mirror) return mirror[0]
  }
  return publicMirror
}
