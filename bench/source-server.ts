// The server that a comparison runs on: which one somebody asked for, and what is told of it.
import { cpus } from 'node:os'
import { isServerKind } from '../scripts/servers/server-kinds.ts'
import { type ServerKind, startServer, type TestServer } from '../test/support/servers.ts'
import { serverArgs } from './workspace.ts'

/** Options of every comparison that runs on one server. */
export const serverOptions = {
  server: { type: 'string', default: 'mariadb-10.11' },
  runs: { type: 'string', default: '3' },
  help: { type: 'boolean', default: false },
} as const

/** Undefined where help was asked for, which is printed then. */
export function askedServer(
  { server, help }: { readonly server: string; readonly help: boolean },
  usage: string,
): ServerKind | undefined {
  if (help) {
    process.stdout.write(usage)
    return undefined
  }
  if (!isServerKind(server)) throw new Error(`no such server: ${server}\n${usage}`)
  return server
}

export async function startSource(kind: ServerKind): Promise<TestServer> {
  const source = await startServer(kind, { args: serverArgs(kind) })
  process.stdout.write(`${kind} ${source.version}, ${cpus().length} cores, Node ${process.version}\n`)
  return source
}
