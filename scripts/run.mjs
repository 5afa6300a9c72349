// The door to every npm script: works on Node 20 with nothing installed, then hands over to a current Node.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const oldestNode = [24, 12]

/** What each command runs: a script for our Node, or a program of node_modules/.bin with arguments. */
const commands = {
  test: ['scripts/test.ts'],
  check: ['scripts/check.ts'],
  build: ['scripts/build.ts'],
  demo: ['scripts/demo/demo.ts'],
  bench: ['bench/main.ts'],
  kernel: ['scripts/kernel.ts'],
  servers: ['scripts/servers/fetch.ts'],
  reference: ['scripts/reference.ts'],
  format: ['node_modules/.bin/biome', 'check', '--write'],
}

const [name = '', ...args] = process.argv.slice(2)
const command = Object.hasOwn(commands, name) ? commands[name] : undefined
if (!command) {
  console.error(`usage: node scripts/run.mjs <${Object.keys(commands).join('|')}> [arguments]`)
  process.exit(2)
}

if (!isInstalled()) install()
const node = currentNode() ?? giveUp()
const [program, ...fixed] = /\.(ts|mjs)$/.test(command[0]) ? [node, ...command] : command
const child = spawn(program, [...fixed, ...args], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: [path.dirname(node), path.join(root, 'node_modules', '.bin'), process.env.PATH].join(
      path.delimiter,
    ),
  },
})
// The terminal sends Ctrl-C to the child as well; other signals reach only us. Either way the child decides the end.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`cannot run ${program}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  // 128 + 2 for SIGINT and 128 + 15 for SIGTERM, as shells say it.
  process.exit(code ?? (signal === 'SIGINT' ? 130 : 143))
})

/** True when node_modules holds what package-lock.json says: npm's own record of what it installed must agree. */
function isInstalled() {
  const record = path.join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(record, 'utf8')).packages
  return Object.entries(wanted).every(
    // Optional packages are for other platforms when they are absent.
    ([place, { version, optional }]) =>
      place === '' || (present[place] ? present[place].version === version : optional === true),
  )
}

function install() {
  console.error('installing dependencies (npm ci)')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) {
    console.error('npm ci failed; see above')
    process.exit(1)
  }
}

/** The Node that runs this file if it is new enough, else the one that the `node` package brought. */
function currentNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return process.execPath
  const brought = path.join(root, 'node_modules', 'node', 'bin', 'node')
  // The package fetches its binary in an install script, which `ignore-scripts` or a policy may have kept from running.
  if (!existsSync(brought)) spawnSync('npm', ['rebuild', 'node'], { cwd: root, stdio: ['ignore', 2, 2] })
  return existsSync(brought) ? brought : undefined
}

function giveUp() {
  console.error(
    `Holdfast needs Node ${oldestNode.join('.')} or newer, this is ${process.versions.node}, and the package "node" brought none. ` +
      'Allow its install script (npm rebuild node), or put a newer Node first on PATH.',
  )
  process.exit(1)
}
