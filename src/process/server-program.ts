// The program of a database server on this machine: where it is, and which server it is.
import path from 'node:path'
import { HoldfastError } from '../core/errors.ts'
import type { Flavour } from '../core/flavour.ts'
import { isExecutable, onPath } from './on-path.ts'
import { runProgram } from './run-program.ts'

export interface ServerProgram {
  readonly path: string
  readonly flavour: Flavour
  /** As the server says it: `9.7.4`, `10.11.18-MariaDB-…`. */
  readonly version: string
}

const programs = {
  mysql: { variable: 'HOLDFAST_MYSQLD', names: ['mysqld'] },
  mariadb: { variable: 'HOLDFAST_MARIADBD', names: ['mariadbd', 'mysqld'] },
} as const

export interface WantedServer {
  readonly flavour: Flavour
  /** `--server-program`, before everything else. */
  readonly program?: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly signal?: AbortSignal | undefined
}

/** Throws TOOL_MISSING where there is none, and VERSION_MISMATCH where it is of the other flavour. */
export async function findServerProgram({
  flavour,
  program,
  env,
  signal,
}: WantedServer): Promise<ServerProgram> {
  const { variable, names } = programs[flavour]
  const named = program ?? env[variable]
  const candidates = named === undefined ? onPath(names, env) : [named]
  for (const candidate of candidates) {
    if (!(await isExecutable(candidate))) continue
    const found = await readRelease(path.resolve(candidate), signal)
    if (found.flavour === flavour) return found
    if (named !== undefined) {
      throw new HoldfastError(
        'VERSION_MISMATCH',
        `${named} is a ${found.flavour} server (${found.version}), and a ${flavour} server is needed`,
      )
    }
  }
  throw new HoldfastError(
    'TOOL_MISSING',
    named === undefined
      ? `no ${names[0]} is on this machine's PATH`
      : `${named} is no program that can be run`,
    {},
    { hint: `Install the server, or name its program with --server-program PATH or ${variable}.` },
  )
}

async function readRelease(program: string, signal: AbortSignal | undefined): Promise<ServerProgram> {
  // "mysqld  Ver 9.7.4 for Linux on x86_64 (…)", "mariadbd  Ver 10.11.18-MariaDB-… for debian-linux-gnu on x86_64 (…)"
  const text = await runProgram(program, ['--no-defaults', '--version'], { signal })
  const version = / Ver (\d+\.\d+\.\d+\S*)/.exec(text)?.[1]
  if (version === undefined) {
    throw new HoldfastError(
      'TOOL_MISSING',
      `${program} does not say which server it is: ${JSON.stringify(text.slice(0, 200))}`,
    )
  }
  return { path: program, flavour: /mariadb/i.test(version) ? 'mariadb' : 'mysql', version }
}
