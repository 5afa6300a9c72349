// mydumper and myloader as a second peer, where somebody has them: with two threads and zstd at level 1, as Holdfast has by default.
import { access } from 'node:fs/promises'
import path from 'node:path'
import type { TestServer } from '../test/support/servers.ts'
import { words } from './workspace.ts'

export interface Mydumper {
  readonly name: string
  /** Commands for a shell. */
  readonly dump: (source: TestServer, folder: string) => string
  readonly load: (target: TestServer, folder: string) => string
}

/** The programs in `folder`, or on PATH; undefined where they are not. `exec-per-thread` came with 0.16. */
export async function findMydumper(folder: string | undefined): Promise<Mydumper | undefined> {
  const places = folder === undefined ? (process.env['PATH'] ?? '').split(path.delimiter) : [folder]
  for (const place of places) {
    const programs = [path.join(place, 'mydumper'), path.join(place, 'myloader')] as const
    const isThere = await Promise.all(programs.map((program) => access(program))).then(
      () => true,
      () => false,
    )
    if (isThere) return commands(...programs)
  }
  if (folder !== undefined) throw new Error(`there is no mydumper and myloader in ${folder}`)
  return undefined
}

function commands(mydumper: string, myloader: string): Mydumper {
  return {
    name: 'mydumper, zstd -1',
    dump: (source, folder) => {
      const what = ['--database=bench', `--outputdir=${folder}`]
      return words([mydumper, ...login(source), ...what, ...through('zstd -1')])
    },
    load: (target, folder) =>
      words([myloader, ...login(target), `--directory=${folder}`, ...through('zstd -dc')]),
  }
}

function login(server: TestServer): readonly string[] {
  return ['--host=127.0.0.1', `--port=${server.port}`, '--user=root', '--threads=2']
}

function through(command: string): readonly string[] {
  return ['--exec-per-thread-extension=.zst', `--exec-per-thread=/usr/bin/${command}`]
}
