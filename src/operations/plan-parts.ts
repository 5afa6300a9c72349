// Which part of a backup somebody wants back, and in which shape.
import { counted } from '../core/counted.ts'
import { HoldfastError } from '../core/errors.ts'
import type { EmitEvent } from '../core/events.ts'
import { parsePartName, splitRule } from '../core/name-list.ts'
import type { OnExisting } from '../logical/arrival/plan-arrival.ts'
import type { LogicalContent } from '../logical/content.ts'
import type { Definer } from '../logical/reshape/definer.ts'
import type { RenameRules } from '../logical/reshape/renames.ts'
import type { ReshapedBackup, RestoreShape } from '../logical/reshape/reshape.ts'
import { parseParts } from './parse-filters.ts'
import { type PartsRequest, parseSelection } from './parse-selection.ts'

/** As people write it. */
export interface ShapeRequest extends PartsRequest {
  /** `old:new`, of schemas or of tables. */
  readonly rename?: readonly string[] | undefined
  /** `keep`, `strip` or an account. */
  readonly definer?: string | undefined
  readonly isStructureOnly?: boolean | undefined
  readonly isDataOnly?: boolean | undefined
  readonly isWithoutAccounts?: boolean | undefined
}

export interface PartsRestoreRequest extends ShapeRequest {
  readonly onExisting?: OnExisting | undefined
  readonly setGtid?: boolean | undefined
  readonly skipBinlog?: boolean | undefined
}

export interface PartsPlan {
  readonly shape: RestoreShape
  readonly onExisting: OnExisting
  readonly setGtid: boolean
  readonly skipBinlog: boolean
}

export interface ShapedParts {
  readonly plan: PartsPlan
  readonly reshaped: ReshapedBackup
}

/** Undefined for all of an instance as it was. Throws USAGE for what contradicts itself or cannot be understood. */
export function planParts(request: PartsRestoreRequest): PartsPlan | undefined {
  const shape = parseShape(request)
  const { onExisting = 'fail', setGtid = false, skipBinlog = false } = request
  // A restore of all sets GTIDs and stays out of the binary log in any case.
  if (shape === undefined && onExisting === 'fail') return undefined
  return { shape: shape ?? { selection: parseSelection({}) }, onExisting, setGtid, skipBinlog }
}

/** Throws USAGE where what is restored and what is done about what is there do not go together. */
export function refuseUnfit({ onExisting }: PartsPlan, { content: { parts } }: ReshapedBackup): void {
  if (parts === 'data' && onExisting === 'drop') {
    throw new HoldfastError('USAGE', 'rows alone need the tables that --on-existing drop would drop')
  }
  if (parts === 'structure' && onExisting === 'append') {
    throw new HoldfastError('USAGE', 'definitions alone have no rows that --on-existing append could add')
  }
}

/** Undefined for everything as it is. */
export function parseShape(request: ShapeRequest): RestoreShape | undefined {
  const selection = parseSelection(request)
  const parts = parseParts(request)
  const rename = request.rename === undefined ? undefined : parseRenames(request.rename)
  const definer = request.definer === undefined ? undefined : parseDefiner(request.definer)
  const isAll = selection.kind === 'everything' && selection.exclude === undefined
  const { isWithoutAccounts = false } = request
  if (isAll && parts === undefined && rename === undefined && definer === undefined && !isWithoutAccounts)
    return undefined
  return { selection, parts, rename, definer, isWithoutAccounts }
}

/** Throws USAGE where not all that is there can be compared with what was restored. */
export function requireProvable(
  { shape, onExisting }: PartsPlan,
  { content, wholeSchemas }: ReshapedBackup,
): void {
  const isAmongOthers =
    content.selection.kind !== 'tables' && content.schemas.some(({ name }) => !wholeSchemas.has(name))
  const reason =
    onExisting === 'append' || content.parts === 'data'
      ? 'rows that are added to others'
      : shape.definer?.kind === 'strip'
        ? 'definers that the target chooses'
        : isAmongOthers
          ? 'a schema of which tables are left out'
          : undefined
  if (reason === undefined) return
  throw new HoldfastError(
    'USAGE',
    `--verify cannot compare ${reason} with the backup`,
    {},
    { hint: 'Leave --verify away: every load is checked by the counts of the server all the same.' },
  )
}

/** Of what the backup has, and was not wanted. */
export function tellLeftOut(
  shape: RestoreShape | undefined,
  { accounts = [] }: LogicalContent,
  emit: EmitEvent,
): void {
  if (shape?.isWithoutAccounts !== true || accounts.length === 0) return
  const message = `${counted(accounts.length, 'account')} of the backup and their grants are left out (--no-accounts)`
  emit({ type: 'notice', level: 'info', message })
}

function parseRenames(texts: readonly string[]): RenameRules {
  if (texts.length === 0) throw new HoldfastError('USAGE', '--rename names nothing', { option: '--rename' })
  const rules = texts.map((text) => {
    const { name, rule } = splitRule(text)
    return { text, from: parsePartName(name), to: parsePartName(rule) }
  })
  return {
    schemas: rules.flatMap(({ text, from, to }) => {
      if (from.name !== undefined) return []
      if (to.name !== undefined) throw refuseMixed(text)
      return [{ from: from.schema, to: to.schema }]
    }),
    tables: rules.flatMap(({ text, from, to }) => {
      if (from.name === undefined) return []
      if (to.name === undefined) throw refuseMixed(text)
      return [{ from: { schema: from.schema, name: from.name }, to: { schema: to.schema, name: to.name } }]
    }),
  }
}

function refuseMixed(text: string): HoldfastError {
  return new HoldfastError(
    'USAGE',
    `--rename ${text} is neither of schemas nor of tables`,
    {},
    {
      hint: 'Write it as old:new, or old.t:new.u; names with a dot go in backticks.',
    },
  )
}

/** `user@host`, where quotes may stand around each; without a host a role. */
function parseDefiner(text: string): Definer | undefined {
  if (text === 'keep') return undefined
  if (text === 'strip') return { kind: 'strip' }
  const [, user, host] = /^(.+?)(?:@([^@]+))?$/s.exec(text.trim()) ?? []
  if (user === undefined) {
    throw new HoldfastError('USAGE', `--definer is keep, strip or an account, not '${text}'`)
  }
  return { kind: 'account', user: unquoted(user), ...(host === undefined ? {} : { host: unquoted(host) }) }
}

function unquoted(name: string): string {
  return /^(['"`])(.*)\1$/s.exec(name)?.[2] ?? name
}
