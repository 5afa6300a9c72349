// A restore into another kind of server: the parts of a backup in the form that the target can have, and the report of what is not as it was.
import type { ConnectionSettings } from '../core/connection-settings.ts'
import { HoldfastError } from '../core/errors.ts'
import type { RestorePoint } from '../core/restore-point.ts'
import { inspectInstance } from '../instance/instance-facts.ts'
import type { TranslationEntry } from '../logical/translate/report.ts'
import { readTargetServer } from '../logical/translate/target-server.ts'
import { translateBackup } from '../logical/translate/translate-backup.ts'
import { Connection } from '../wire/connection.ts'
import type { ShapedParts } from './plan-parts.ts'

export interface TranslationRequest {
  readonly translate: boolean
  /** Where the report goes: Markdown, or JSON for a name that ends with .json. */
  readonly reportFile?: string | undefined
}

export interface Translation {
  /** `mysql 9.7.1` */
  readonly from: string
  readonly to: string
  readonly entries: readonly TranslationEntry[]
}

/** @throws HoldfastError USAGE where something is asked for that is only possible without a translation */
export function refuseUntranslatable(
  { translate, reportFile }: TranslationRequest,
  request: {
    readonly setGtid?: boolean | undefined
    readonly target: ConnectionSettings | undefined
  },
): void {
  if (!translate) {
    if (reportFile !== undefined)
      throw usage('--report tells what --translate did', 'Say --translate as well.')
    return
  }
  if (request.target === undefined) {
    throw usage(
      '--translate needs a target, for what a backup becomes depends on the server that takes it',
      'Name it with --target; with --dry-run it is only asked what it knows.',
    )
  }
  if (request.setGtid === true) {
    throw usage(
      '--set-gtid has no meaning with --translate: no replica can go on from another kind of server',
      'Leave --set-gtid away.',
    )
  }
}

/** @throws HoldfastError USAGE where rows of a backup are not those of the wanted point */
export function refuseTranslatedReplay(
  { translate }: TranslationRequest,
  { point, skipGtids }: { readonly point: RestorePoint; readonly skipGtids: readonly string[] },
): void {
  if (!translate || (point.kind === 'backup' && skipGtids.length === 0)) return
  throw usage(
    '--translate restores a backup as it is: the binary logs of one kind of server cannot be replayed on another',
    'Say --to backup. For a later moment restore into a server of the same kind first, and back that up; or choose parts of a backup of files.',
  )
}

export interface TranslatedParts {
  readonly parts: ShapedParts
  readonly translation: Translation
}

/** Asks the target what it knows, and changes nothing. */
export async function translatedParts(
  { plan, reshaped }: ShapedParts,
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<TranslatedParts> {
  await using connection = await Connection.open(settings, { signal })
  const facts = await inspectInstance(connection, { signal })
  const target = await readTargetServer(connection, facts, signal)
  const { origin } = reshaped.backup
  const { backup, content, entries } = await translateBackup(reshaped.backup, target, signal)
  return {
    parts: { plan, reshaped: { ...reshaped, backup, content } },
    translation: {
      from: nameOf(origin.flavour, origin.serverVersion),
      to: nameOf(target.flavour, target.version),
      entries,
    },
  }
}

/** Without what builders put behind a version: 11.8.6-MariaDB-0+deb13u1 from Debian. */
function nameOf(flavour: string, version: string): string {
  return `${flavour} ${/^[\d.]+/.exec(version)?.[0] ?? version}`
}

const ofAccount = /^(account .+) is another one on the target/s
const ofGrant = /^a grant of (.+?) was not taken: /s
const ofView = /^(view .+) (?:was broken in the source|refers to something)/s

/** What the load told, in the form of the report. */
export function entryOfWarning(what: string): TranslationEntry {
  const account = ofAccount.exec(what)?.[1]
  if (account !== undefined) return { object: account, what, severity: 'differs' }
  const grant = ofGrant.exec(what)?.[1]
  if (grant !== undefined) return { object: `account ${grant}`, what, severity: 'dropped' }
  const view = ofView.exec(what)?.[1]
  return { object: view ?? 'restore', what, severity: view === undefined ? 'differs' : 'dropped' }
}

function usage(message: string, hint: string): HoldfastError {
  return new HoldfastError('USAGE', message, {}, { hint })
}
