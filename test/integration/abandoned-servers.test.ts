import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eachServer, testedKinds } from '../support/servers.ts'

interface Abandoned {
  readonly child: ChildProcess
  readonly pid: number
  readonly folder: string
}

/** A process that starts a server, says so, and then does `ending`. */
async function abandon(kind: string, ending: string): Promise<Abandoned> {
  const module = new URL('../support/servers.ts', import.meta.url).href
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { startServer } from ${JSON.stringify(module)}
       const server = await startServer(${JSON.stringify(kind)})
       process.stdout.write(JSON.stringify({ pid: server.pid, folder: server.folder }) + '\\n')
       ${ending}`,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const [line] = await once(child.stdout, 'data')
  return { child, ...JSON.parse(String(line)) }
}

async function assertGone({ pid, folder }: Abandoned): Promise<void> {
  const deadline = performance.now() + 10_000
  while (performance.now() < deadline && (isAlive(pid) || existsSync(folder))) await sleep(20)
  assert.equal(isAlive(pid), false, `server ${pid} still runs`)
  assert.equal(existsSync(folder), false, `${folder} is still there`)
}

/** A zombie is dead: the machine's init may take its time, or for ever, to reap an orphan. */
function isAlive(pid: number): boolean {
  try {
    // `pid (name) state …`; the name may hold anything, so the state is sought behind its last bracket.
    return !/\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^(ENOENT|ESRCH)$/.test(String(error.code))) return false
    throw error
  }
}

/** True when some process has `argument` on its command line. */
function runsWith(argument: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((name) => commandLine(name).includes(argument))
}

function commandLine(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch (error) {
    // It ended between the listing and now.
    if (error instanceof Error && 'code' in error && /^(ENOENT|ESRCH)$/.test(String(error.code))) return []
    throw error
  }
}

const waiting = 'setInterval(() => {}, 1000)'

eachServer('kill -9 of a test process ends its server and removes its files', async (kind) => {
  const abandoned = await abandon(kind, waiting)
  assert.equal(isAlive(abandoned.pid), true)
  abandoned.child.kill('SIGKILL')
  await assertGone(abandoned)
})

const [someKind = 'mariadb-10.11'] = testedKinds

test('a server whose files are gone already, as when they were unmounted, is ended as well', async () => {
  const abandoned = await abandon(someKind, waiting)
  rmSync(abandoned.folder, { recursive: true })
  assert.equal(isAlive(abandoned.pid), true)
  abandoned.child.kill('SIGKILL')
  await assertGone(abandoned)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} to a test process ends its server and removes its files`, async () => {
    const abandoned = await abandon(someKind, waiting)
    abandoned.child.kill(signal)
    await assertGone(abandoned)
  })
}

test('an uncaught error ends the server of its process and removes its files', async () => {
  const abandoned = await abandon(someKind, "setTimeout(() => { throw new Error('boom') }, 10)")
  await assertGone(abandoned)
})

test('a test process that forgets its server comes to its end, and so does the server', async () => {
  const abandoned = await abandon(someKind, '')
  await assertGone(abandoned)
})

test('a frozen server is ended with its process too', async () => {
  const abandoned = await abandon(someKind, `server.freeze(); ${waiting}`)
  abandoned.child.kill('SIGKILL')
  await assertGone(abandoned)
})

test('a program that works in a folder of a killed process is killed with it', async () => {
  const abandoned = await abandon(
    someKind,
    `const { spawn } = await import('node:child_process')
     spawn('tail', ['-f', server.folder + '/error.log'], { detached: true, stdio: 'ignore' }).unref()
     ${waiting}`,
  )
  const isTailing = () => runsWith(`${abandoned.folder}/error.log`)
  while (!isTailing()) await sleep(20)
  abandoned.child.kill('SIGKILL')
  await assertGone(abandoned)
  assert.equal(isTailing(), false)
})
