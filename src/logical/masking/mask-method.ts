// What may stand in place of a column's values, as people say it: `hash`, `constant:N/A`, `random-int:18-99`.
import { HoldfastError } from '../../core/errors.ts'

export type MaskMethod =
  | { readonly kind: 'null' | 'hash' | 'email' }
  | { readonly kind: 'constant'; readonly value: string }
  /** Both bounds included. */
  | { readonly kind: 'random-int'; readonly from?: bigint; readonly to?: bigint }
  | { readonly kind: 'random-text'; readonly length?: number }

export interface MaskRule {
  readonly schema: string
  readonly table: string
  readonly column: string
  readonly method: MaskMethod
}

const known = 'null, constant:VALUE, hash, email, random-int[:FROM-TO], random-text[:LENGTH]'

/** @throws HoldfastError USAGE */
export function parseMaskMethod(text: string): MaskMethod {
  const at = text.indexOf(':')
  const name = (at < 0 ? text : text.slice(0, at)).trim().toLowerCase()
  const value = at < 0 ? undefined : text.slice(at + 1)
  if (value === undefined && (name === 'null' || name === 'hash' || name === 'email')) return { kind: name }
  if (name === 'constant' && value !== undefined) return { kind: name, value }
  if (name === 'random-int') return randomInt(text, value)
  if (name === 'random-text') return randomText(text, value)
  throw refuse(text)
}

/** As parseMaskMethod reads it. */
export function formatMaskMethod(method: MaskMethod): string {
  if (method.kind === 'constant') return `constant:${method.value}`
  if (method.kind === 'random-int' && method.from !== undefined && method.to !== undefined) {
    return `random-int:${method.from}-${method.to}`
  }
  if (method.kind === 'random-text' && method.length !== undefined) return `random-text:${method.length}`
  return method.kind
}

/** Whether its values are made with a key. */
export function isKeyed({ kind }: MaskMethod): boolean {
  return kind === 'hash' || kind === 'email'
}

function randomInt(text: string, value: string | undefined): MaskMethod {
  if (value === undefined) return { kind: 'random-int' }
  const [, from = '', to = ''] = /^(-?\d{1,18})-(-?\d{1,18})$/.exec(value.trim()) ?? []
  if (from === '' || BigInt(from) > BigInt(to)) throw refuse(text)
  return { kind: 'random-int', from: BigInt(from), to: BigInt(to) }
}

function randomText(text: string, value: string | undefined): MaskMethod {
  if (value === undefined) return { kind: 'random-text' }
  const length = /^\d{1,2}$/.test(value.trim()) ? Number(value) : 0
  if (length < 1 || length > 64) throw refuse(text)
  return { kind: 'random-text', length }
}

function refuse(text: string): HoldfastError {
  return new HoldfastError(
    'USAGE',
    `'${text}' is no way to mask a column`,
    { method: text },
    {
      hint: `It is one of: ${known}. A LENGTH is 1 to 64.`,
    },
  )
}
