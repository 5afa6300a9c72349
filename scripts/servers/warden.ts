// Promises that nothing of this process stays: folders told to its warden are cleared even after kill -9.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

let warden: ChildProcess | undefined

/**
 * A new folder in `base` that is removed on dispose, and at the latest when this process is gone. A server whose data
 * directory lies in it is killed with it.
 */
export async function guardedFolder(
  purpose = 'holdfast',
  base = temporaryBase(),
): Promise<{ path: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(base, `${purpose}-${process.pid}-`))
  try {
    await guard(folder)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
  return {
    path: folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

/** Where guarded folders lie. A Unix socket's path may have 107 bytes (sun_path, unix(7)), so a long TMPDIR will not do. */
export function temporaryBase(): string {
  return Buffer.byteLength(tmpdir()) > 60 ? '/tmp' : tmpdir()
}

async function guard(folder: string): Promise<void> {
  warden ??= startWarden()
  const { stdin } = warden
  if (!stdin?.writable) throw new Error('the warden of temporary folders is gone')
  // Waiting for the write means that the folder is in the pipe, and so known, before anything is put into it.
  await new Promise<void>((resolve, reject) => {
    stdin.write(`${folder}\n`, (error) => (error ? reject(error) : resolve()))
  })
}

function startWarden(): ChildProcess {
  const script = fileURLToPath(new URL('warden.sh', import.meta.url))
  // Detached: a group of its own, so that Ctrl-C on the terminal does not reach it.
  const child = spawn('sh', [script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  // A pipe's handle would keep a finished process alive; its type does not say that it can be let go.
  if (child.stdin && 'unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
  child.once('exit', () => {
    warden = undefined
  })
  return child
}
