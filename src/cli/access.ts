// What verbs have in common: which repository, which key, which server, under which name.
import { resolveConnection } from '../config/resolve-connection.ts'
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { RepositoryAccess } from '../operations/open-repository.ts'
import { deriveSourceName } from '../operations/source-name.ts'
import type { VerbContext } from './verb.ts'

export function repositoryAccess({ options, env }: VerbContext): RepositoryAccess {
  return {
    place: options.required('repository', 'HOLDFAST_REPOSITORY'),
    identityFile: options.text('identity'),
    compressLevel: options.integer('compress-level'),
    env,
  }
}

/** The server to talk to: URL, options, option files and login paths, and a question for -p. */
export async function connectionSettings(
  context: VerbContext,
  url: string | undefined,
): Promise<ConnectionSettings> {
  const { options, env, prompt, signal, emit } = context
  return resolveConnection({
    url,
    flags: {
      host: options.text('host'),
      port: options.integer('port'),
      user: options.text('user'),
      password: options.flag('password'),
      socket: options.text('socket'),
      sslMode: options.text('ssl-mode'),
      sslCa: options.text('ssl-ca'),
      sslCert: options.text('ssl-cert'),
      sslKey: options.text('ssl-key'),
      defaultsFile: options.text('defaults-file'),
      defaultsExtraFile: options.text('defaults-extra-file'),
      defaultsGroupSuffix: options.text('defaults-group-suffix'),
      loginPath: options.text('login-path'),
    },
    env,
    emit,
    ...(prompt.isPossible ? { readPassword: (question: string) => prompt.askSecret(question, signal) } : {}),
  })
}

/** A target is never guessed: a forgotten --target must not mean the server on this machine. */
export function hasTarget({ options }: VerbContext): boolean {
  return ['target', 'host', 'socket', 'defaults-file', 'login-path'].some(
    (name) => options.text(name) !== undefined,
  )
}

/** The name given with --name, or the one derived from the connection. */
export function sourceName({ options }: VerbContext, settings: ConnectionSettings): string {
  return options.text('name') ?? deriveSourceName(settings)
}

/** The first argument as the name of an instance, where there is one. */
export function namedSource(context: VerbContext): string | undefined {
  const [name] = context.arguments
  if (name === undefined) return undefined
  if (/^[a-z]+:\/\//i.test(name)) {
    // Not the text itself: a URL may hold a password.
    throw new HoldfastError(
      'USAGE',
      'a URL was given where the name of an instance is wanted',
      {},
      {
        hint: 'See the names with: holdfast list',
      },
    )
  }
  return name
}

/** The same where the verb's table requires it. */
export function requiredSource(context: VerbContext): string {
  const name = namedSource(context)
  if (name !== undefined) return name
  throw new HoldfastError('USAGE', 'the name of an instance is missing')
}
