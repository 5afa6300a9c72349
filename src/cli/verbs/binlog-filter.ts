// What the verbs that look into the archive have in common: which transactions are asked for.

import { HoldfastError } from '../../core/errors.ts'
import { gtidFlavour } from '../../core/restore-point.ts'
import { parseWallClock } from '../../core/wall-clock.ts'
import type { ChangeKind } from '../../operations/find-binlog-transactions.ts'
import type { VerbOptions } from '../verb-options.ts'

const changeKinds: readonly ChangeKind[] = ['insert', 'update', 'delete', 'ddl']

/** Throws USAGE for what cannot be a time or a GTID. */
export function binlogFilter(options: VerbOptions) {
  return {
    table: options.text('table'),
    kind: changeKinds.find((kind) => kind === options.text('kind')),
    sinceMicros: readTime('since', options.text('since')),
    untilMicros: readTime('until', options.text('until')),
    gtid: readGtid(options.text('gtid')),
    timeline: options.text('timeline'),
  }
}

/** Throws USAGE for what cannot be a GTID: it would be found nowhere, as if nothing had happened. */
function readGtid(text: string | undefined): string | undefined {
  if (text === undefined || gtidFlavour(text) !== undefined) return text
  throw new HoldfastError(
    'USAGE',
    `--gtid takes one GTID, not '${text}'`,
    { option: 'gtid' },
    { hint: 'A GTID is uuid:number (or uuid:tag:number) on MySQL, and domain-server-sequence on MariaDB.' },
  )
}

const unitMicros: Readonly<Record<string, number>> = { s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6 }

/** A moment, or how long ago: `90s`, `5m`, `2h`, `3d`. Throws USAGE for what is neither, or could be two moments. */
function readTime(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? []
  if (count !== undefined && unit !== undefined)
    return Date.now() * 1000 - Number(count) * (unitMicros[unit] ?? 0)
  const time = parseWallClock(text)
  if (time.kind === 'time') return time.timeMicros
  throw new HoldfastError(
    'USAGE',
    `--${option} ${text}: ${time.problem}`,
    { option },
    { hint: 'Give a time with its zone, such as 2026-03-29T14:05:09Z, or how long ago: 90s, 5m, 2h, 3d.' },
  )
}

/** `binlog.000007:4711`, as `binlog find` shows places. Throws USAGE. */
export function readPlace(option: string, text: string | undefined) {
  if (text === undefined) return undefined
  const [, file, offset] = /^(?:pos:)?([^:]+):(\d{1,15})$/.exec(text) ?? []
  if (file !== undefined && offset !== undefined) return { file, offset: Number(offset) }
  throw new HoldfastError(
    'USAGE',
    `--${option} takes a place in the log, not '${text}'`,
    { option },
    { hint: 'A place is FILE:OFFSET, such as binlog.000007:4711; holdfast binlog find shows them.' },
  )
}
