// What `--to` means: parses the words of a wanted point into a precise value, and refuses what could mean two moments.
import { HoldfastError } from './errors.ts'
import type { Flavour } from './flavour.ts'
import type { BinlogPosition } from './recovery-point.ts'
import { parseWallClock } from './wall-clock.ts'

/** A wanted point, as the user said it. `text` is that saying, for messages. */
export type RestorePoint =
  | { readonly kind: 'latest'; readonly text: string }
  | { readonly kind: 'backup'; readonly text: string }
  /** Every transaction committed at or before this time; microseconds since 1970-01-01 UTC. */
  | { readonly kind: 'time'; readonly timeMicros: number; readonly text: string }
  /** Until all of this set (MySQL) or position (MariaDB) is applied. */
  | { readonly kind: 'gtid'; readonly flavour: Flavour; readonly gtid: string; readonly text: string }
  /** Everything before this one transaction, and not the transaction itself. */
  | { readonly kind: 'before-gtid'; readonly flavour: Flavour; readonly gtid: string; readonly text: string }
  /** Every transaction that ends at or before this offset of this binary log file. */
  | { readonly kind: 'position'; readonly position: BinlogPosition; readonly text: string }

const examples = [
  'latest',
  '2026-03-29T14:05:09.250Z',
  "'2026-03-29 14:05:09 local'",
  'gtid:3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77',
  'gtid:0-1-2048',
  'before-gtid:0-1-2049',
  'pos:binlog.000007:4711',
  'backup',
]

/**
 * Parses a POINT. Times need a zone: `Z`, `+02:00`, `[Europe/Berlin]` or the word `local` (the zone `timeZone`, by
 * default that of this process). Throws USAGE for anything else, for times that a change of clocks made ambiguous or
 * skipped, and for more than six digits of a second.
 */
export function parsePoint(text: string, options: { readonly timeZone?: string } = {}): RestorePoint {
  const trimmed = text.trim()
  if (trimmed === 'latest') return { kind: 'latest', text: trimmed }
  if (trimmed === 'backup') return { kind: 'backup', text: trimmed }
  if (trimmed.startsWith('gtid:')) return gtidPoint(trimmed)
  if (trimmed.startsWith('before-gtid:')) return beforeGtidPoint(trimmed)
  if (trimmed.startsWith('pos:')) return positionPoint(trimmed)
  const time = parseWallClock(trimmed, options.timeZone)
  if (time.kind === 'time') return { kind: 'time', timeMicros: time.timeMicros, text: trimmed }
  throw refuse(trimmed, time.problem)
}

const tag = '[a-z_][a-z0-9_]{0,31}'
const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const mysqlGtid = new RegExp(`^${uuid}:(${tag}:)?[1-9][0-9]*$`, 'i')
const mysqlGtidSet = new RegExp(
  `^${uuid}(:${tag}|:[0-9]+(-[0-9]+)?)+(,${uuid}(:${tag}|:[0-9]+(-[0-9]+)?)+)*$`,
  'i',
)
const mariadbGtid = /^[0-9]+-[0-9]+-[0-9]+$/
const mariadbGtids = /^[0-9]+-[0-9]+-[0-9]+(,[0-9]+-[0-9]+-[0-9]+)*$/

function gtidPoint(text: string): RestorePoint {
  const gtid = text.slice('gtid:'.length).replace(/\s+/g, '')
  if (mariadbGtids.test(gtid)) return { kind: 'gtid', flavour: 'mariadb', gtid, text }
  if (mysqlGtidSet.test(gtid)) return { kind: 'gtid', flavour: 'mysql', gtid: gtid.toLowerCase(), text }
  throw refuse(text, 'this is neither a GTID set of MySQL nor a GTID position of MariaDB')
}

function beforeGtidPoint(text: string): RestorePoint {
  const gtid = text.slice('before-gtid:'.length).trim()
  const flavour = gtidFlavour(gtid)
  if (flavour === undefined) {
    throw refuse(
      text,
      'before-gtid: takes exactly one GTID: uuid:number on MySQL, domain-server-sequence on MariaDB',
    )
  }
  return { kind: 'before-gtid', flavour, gtid: gtid.toLowerCase(), text }
}

/** Whose way of writing one single GTID this is; undefined when it is none. */
export function gtidFlavour(gtid: string): Flavour | undefined {
  if (mariadbGtid.test(gtid)) return 'mariadb'
  return mysqlGtid.test(gtid) ? 'mysql' : undefined
}

function positionPoint(text: string): RestorePoint {
  // The offset is what follows the last colon: file names may hold colons.
  const match = /^pos:(?<file>[^/]+):(?<offset>[0-9]+)$/.exec(text)
  const offset = Number(match?.groups?.['offset'])
  const file = match?.groups?.['file']
  if (file === undefined || !Number.isSafeInteger(offset)) {
    throw refuse(text, 'pos: takes a binary log file name and an offset in bytes')
  }
  // 4 bytes of magic precede the first event of each file.
  if (offset < 4) throw refuse(text, 'the first event of a binary log file starts at offset 4')
  return { kind: 'position', position: { file, offset }, text }
}

function refuse(text: string, problem: string): HoldfastError {
  return new HoldfastError(
    'USAGE',
    `cannot tell which point '${text}' is: ${problem}`,
    { point: text },
    { hint: `A point is one of: ${examples.join(', ')}` },
  )
}
