import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { ErrorCode } from '../core/error-codes.table.ts'
import { type HoldfastError, isHoldfastError } from '../core/errors.ts'
import type { Flavour } from '../core/flavour.ts'
import { stateAfter, stateCovers, stateWithout } from '../core/gtid-state.ts'
import type { HistorySegment, HistoryTransaction } from '../core/history.ts'
import { parsePoint } from '../core/restore-point.ts'
import { answer } from '../core/run-history.ts'
import { planRestore, type RestorePlanInput } from './plan-restore.ts'
import { type BaseBackup, emptyState, type RestorePlan } from './restore-plan.ts'

const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const minute = 60_000_000

interface Committed extends HistoryTransaction {
  readonly file: number
  /** Place in the whole history. */
  readonly number: number
}

interface History {
  readonly flavour: Flavour
  readonly all: readonly Committed[]
  readonly segments: readonly HistorySegment[]
  readonly backups: readonly BaseBackup[]
  /** Transactions before each backup. */
  readonly before: ReadonlyMap<string, number>
  readonly transactionsOf: (segment: HistorySegment) => readonly HistoryTransaction[]
}

interface Shape {
  readonly flavour: Flavour
  readonly hasGtids: boolean
  /** Minutes between commits, and for each transaction whether a segment or a file ends behind it. */
  readonly steps: readonly {
    readonly pause: number
    readonly size: number
    readonly cut: 'none' | 'segment' | 'file'
  }[]
  /** Backups taken behind this many transactions. */
  readonly backupsAfter: readonly number[]
  /** Segments that were lost. */
  readonly lost: readonly number[]
}

const fileName = (file: number): string => `binlog.${String(file).padStart(6, '0')}`

function history(shape: Shape): History {
  const { flavour, hasGtids, steps, backupsAfter, lost } = shape
  const all: Committed[] = []
  const segments: HistorySegment[] = []
  const bySegment = new Map<string, readonly HistoryTransaction[]>()
  let file = 1
  let offset = 200
  let segmentStart = 4
  let timeMicros = 0
  let state = emptyState(flavour)
  let segmentState = state
  let inSegment: Committed[] = []
  const places = [{ file, offset, state, timeMicros }]
  const seal = (): void => {
    const times = inSegment.map((transaction) => transaction.timeMicros)
    const last = times.at(-1)
    const segment: HistorySegment = {
      timeline: 't1',
      seq: segments.length + 1,
      file: fileName(file),
      start: segmentStart,
      end: offset,
      ...(hasGtids ? { gtidBefore: segmentState, gtidAfter: state } : {}),
      transactionCount: inSegment.length,
      ...(last === undefined ? {} : { maxTimeMicros: Math.max(...times), lastTimeMicros: last }),
    }
    segments.push(segment)
    bySegment.set(`${segment.seq}`, inSegment)
    inSegment = []
    segmentStart = offset
    segmentState = state
  }
  for (const [number, { pause, size, cut }] of steps.entries()) {
    timeMicros += pause * minute
    const gtid = flavour === 'mysql' ? `${uuid}:${number + 1}` : `0-1-${number + 1}`
    const transaction = {
      file,
      number,
      start: offset,
      end: offset + size,
      ...(hasGtids ? { gtid } : {}),
      timeMicros,
    }
    all.push(transaction)
    inSegment.push(transaction)
    offset += size
    if (hasGtids) state = stateAfter(state, [gtid])
    places.push({ file, offset, state, timeMicros })
    if (cut !== 'none') seal()
    if (cut === 'file') {
      file++
      offset = 200
      segmentStart = 4
    }
  }
  seal()
  const before = new Map<string, number>()
  const backups = backupsAfter.map((count, index): BaseBackup => {
    const place = places[Math.min(count, steps.length)]!
    const id = `b${index}`
    before.set(id, Math.min(count, steps.length))
    return {
      id,
      kind: 'logical',
      method: 'dump',
      origin: { flavour, serverVersion: '1' },
      point: {
        position: { file: fileName(place.file), offset: place.offset },
        ...(hasGtids ? { gtid: place.state } : {}),
        timeMicros: place.timeMicros,
      },
      sizes: { plainBytes: 1000 },
    }
  })
  return {
    flavour,
    all,
    segments: segments.filter(({ seq }) => !lost.includes(seq)),
    backups,
    before,
    transactionsOf: (segment) => bySegment.get(`${segment.seq}`) ?? [],
  }
}

const shapes = (options: { lost: boolean; gtids?: boolean }): fc.Arbitrary<Shape> =>
  fc.record({
    flavour: fc.constantFrom<Flavour>('mysql', 'mariadb'),
    hasGtids: options.gtids === undefined ? fc.boolean() : fc.constant(options.gtids),
    steps: fc.array(
      fc.record({
        pause: fc.integer({ min: 0, max: 3 }),
        size: fc.integer({ min: 50, max: 300 }),
        cut: fc.constantFrom('none' as const, 'none' as const, 'segment' as const, 'file' as const),
      }),
      { minLength: 1, maxLength: 25 },
    ),
    backupsAfter: fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 4 }),
    lost: options.lost ? fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 2 }) : fc.constant([]),
  })

function plan(from: History, to: string, more: Partial<RestorePlanInput> = {}): RestorePlan {
  const point = parsePoint(to)
  return answer(
    planRestore({ source: 'shop', backups: from.backups, segments: from.segments, point, ...more }),
    from.transactionsOf,
  )
}

function tryPlan(
  from: History,
  to: string,
  more: Partial<RestorePlanInput> = {},
): RestorePlan | HoldfastError {
  try {
    return plan(from, to, more)
  } catch (error) {
    if (isHoldfastError(error)) return error
    throw error
  }
}

const key = (file: string, offset: number): string => `${file}:${String(offset).padStart(12, '0')}`

/** Carries a plan out on the list of all transactions: which ones does the target have afterwards? */
function outcome(from: History, { base, replay }: RestorePlan): number[] {
  const has = from.all.slice(0, from.before.get(base.id)).map(({ number }) => number)
  if (replay === undefined) return has
  const isArchived = new Set(from.segments.flatMap((segment) => from.transactionsOf(segment)))
  for (const transaction of from.all) {
    const name = fileName(transaction.file)
    const isWithin =
      key(name, transaction.start) >= key(replay.legs[0]!.from.file, replay.legs[0]!.from.offset) &&
      key(name, transaction.end) <= key(replay.legs.at(-1)!.until.file, replay.legs.at(-1)!.until.offset)
    if (!isWithin || replay.skip.some(({ gtid }) => gtid === transaction.gtid)) continue
    assert.ok(isArchived.has(transaction), 'the plan replays a transaction that is not archived')
    has.push(transaction.number)
  }
  return has
}

const describe = (result: unknown): string =>
  result instanceof Error ? result.message : JSON.stringify(result)

const firstNumbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

test('with a whole archive every time is reached with exactly the transactions committed by then', () => {
  fc.assert(
    fc.property(shapes({ lost: false }), fc.integer({ min: 0, max: 80 }), (shape, minutes) => {
      const from = history(shape)
      const to = new Date(minutes * 60_000).toISOString()
      const result = tryPlan(from, to)
      const oldest = Math.min(...from.backups.map(({ point }) => point.timeMicros))
      const last = from.all.at(-1)?.timeMicros ?? 0
      if (minutes * minute < oldest || minutes * minute > last) {
        assert.ok(isHoldfastError(result, 'POINT_OUTSIDE_WINDOW'), `${to}: ${JSON.stringify(result)}`)
        return
      }
      assert.ok(!(result instanceof Error), describe(result))
      const wanted = from.all.filter(({ timeMicros }) => timeMicros <= minutes * minute).length
      assert.deepEqual(outcome(from, result), firstNumbers(wanted))
    }),
    { numRuns: 300 },
  )
})

test('a plan for a GTID, a position or latest ends exactly there, from the newest backup that is not past it', () => {
  fc.assert(
    fc.property(shapes({ lost: false, gtids: true }), fc.nat(24), (shape, pick) => {
      const from = history(shape)
      const wanted = from.all[pick % from.all.length]!
      const points: [string, number][] = [
        [
          from.flavour === 'mysql' ? `gtid:${uuid}:1-${wanted.number + 1}` : `gtid:${wanted.gtid}`,
          wanted.number + 1,
        ],
        [`before-gtid:${wanted.gtid}`, wanted.number],
        [`pos:${fileName(wanted.file)}:${wanted.end}`, wanted.number + 1],
        [`pos:${fileName(wanted.file)}:${wanted.end - 1}`, wanted.number],
        ['latest', from.all.length],
      ]
      for (const [to, count] of points) {
        const result = tryPlan(from, to)
        const usable = from.backups.filter(({ id }) => (from.before.get(id) ?? 0) <= count)
        if (usable.length === 0) {
          assert.ok(isHoldfastError(result, 'POINT_OUTSIDE_WINDOW'), `${to}: ${describe(result)}`)
          continue
        }
        assert.ok(!(result instanceof Error), `${to}: ${describe(result)}`)
        assert.deepEqual(outcome(from, result), firstNumbers(count), to)
        const newest = Math.max(...usable.map(({ id }) => from.before.get(id) ?? 0))
        assert.equal(from.before.get(result.base.id), newest, `${to}: newest usable backup`)
        assert.equal(result.replay?.transactions ?? 0, count - newest, `${to}: transactions`)
        const end = stateAfter(
          emptyState(from.flavour),
          from.all.slice(0, count).map(({ gtid }) => gtid ?? ''),
        )
        assert.equal(result.end.gtid?.text, end.text, `${to}: GTID state at the end`)
      }
    }),
    { numRuns: 300 },
  )
})

test('with lost segments a plan is right or refused, and never silently short', () => {
  fc.assert(
    fc.property(shapes({ lost: true }), fc.nat(24), (shape, pick) => {
      const from = history(shape)
      const wanted = from.all[pick % from.all.length]!
      const archived = new Set(from.segments.flatMap((segment) => from.transactionsOf(segment)))
      const to = `pos:${fileName(wanted.file)}:${wanted.end}`
      const result = tryPlan(from, to)
      const count = wanted.number + 1
      const isReachable = from.backups.some(({ id }) => {
        const before = from.before.get(id) ?? 0
        return (
          before <= count && from.all.slice(before, count).every((transaction) => archived.has(transaction))
        )
      })
      if (result instanceof Error) {
        const codes: ErrorCode[] = ['ARCHIVE_GAP', 'POINT_NOT_FOUND', 'POINT_OUTSIDE_WINDOW']
        assert.ok(isHoldfastError(result, ...codes), describe(result))
        return
      }
      assert.ok(isReachable, `${to} was planned although transactions are lost`)
      assert.deepEqual(outcome(from, result), firstNumbers(count))
    }),
    { numRuns: 500 },
  )
})

test('skipped transactions are left out, and leave a hole in the GTID set of MySQL', () => {
  fc.assert(
    fc.property(shapes({ lost: false, gtids: true }), fc.nat(24), (shape, pick) => {
      const from = history(shape)
      const skipped = from.all[pick % from.all.length]!
      const gtid = skipped.gtid ?? ''
      const result = tryPlan(from, 'latest', { skipGtids: [gtid] })
      const newest = Math.max(...from.before.values())
      if (skipped.number < newest) {
        assert.ok(isHoldfastError(result, 'POINT_NOT_FOUND'), describe(result))
        return
      }
      assert.ok(!(result instanceof Error), describe(result))
      assert.deepEqual(
        outcome(from, result),
        firstNumbers(from.all.length).filter((number) => number !== skipped.number),
      )
      const all = stateAfter(
        emptyState(from.flavour),
        from.all.map(({ gtid }) => gtid ?? ''),
      )
      assert.equal(result.end.gtid?.text, stateWithout(all, [gtid]).text)
      assert.ok(result.end.gtid !== undefined && stateCovers(all, result.end.gtid))
    }),
    { numRuns: 200 },
  )
})

const plain: Shape = {
  flavour: 'mariadb',
  hasGtids: true,
  steps: [
    { pause: 1, size: 100, cut: 'none' },
    { pause: 1, size: 100, cut: 'segment' },
    { pause: 1, size: 100, cut: 'file' },
    { pause: 1, size: 100, cut: 'none' },
    { pause: 1, size: 100, cut: 'none' },
  ],
  backupsAfter: [1],
  lost: [],
}

test('a plan survives JSON, and says its steps in words', () => {
  const result = plan(history(plain), 'before-gtid:0-1-5', { skipGtids: ['0-1-3'] })
  assert.deepEqual(JSON.parse(JSON.stringify(result)), result)
  assert.deepEqual(result.steps, [
    'Load logical backup b0 (dump), which holds everything up to 1970-01-01T00:01:00Z (binlog.000001:300)',
    'Replay 2 transactions of the archived binary logs from binlog.000001:300 to binlog.000002:300',
    'Leave out transaction 0-1-3 (binlog.000001:400, 1970-01-01T00:03:00Z)',
    'The last transaction applied is 0-1-4 at binlog.000002:200, committed 1970-01-01T00:04:00Z',
    'Stop right before 0-1-5 at binlog.000002:300, committed 1970-01-01T00:05:00Z',
    'Check that the target then stands at GTID 0-1-4',
    'This may take about 1 s (an estimate from sizes)',
  ])
})

test('a point behind a gap is refused with the place of the gap and the last point before it', () => {
  const result = tryPlan(history({ ...plain, lost: [2] }), 'latest')
  assert.ok(isHoldfastError(result, 'ARCHIVE_GAP'))
  assert.match(
    result.message,
    /between binlog.000001:400 and binlog.000002:4 \(segments 2 to 2 are missing\)/,
  )
  assert.match(result.hint, /--to pos:binlog.000001:400/)
  const reached = plan(history({ ...plain, lost: [2] }), 'pos:binlog.000001:400')
  assert.equal(reached.end.gtid?.text, '0-1-2')
})

test('a time between the last commit before a gap and the first one behind it is refused', () => {
  const from = history({ ...plain, lost: [2] })
  assert.ok(!(tryPlan(from, '1970-01-01T00:02:00Z') instanceof Error))
  assert.ok(isHoldfastError(tryPlan(from, '1970-01-01T00:02:30Z'), 'ARCHIVE_GAP'))
})

test('a time behind the last commit is reached when the archive knows that nothing followed', () => {
  const from = history(plain)
  assert.ok(isHoldfastError(tryPlan(from, '1970-01-01T00:30:00Z'), 'POINT_OUTSIDE_WINDOW'))
  const segments = from.segments.map((segment) => ({ ...segment, coveredUntilMicros: 40 * minute }))
  assert.equal(plan({ ...from, segments }, '1970-01-01T00:30:00Z').end.gtid?.text, '0-1-5')
})

test('an incident of the source inside the replay is refused, and one outside it is not', () => {
  const from = history(plain)
  const segments = from.segments.map((segment) =>
    segment.seq === 2 ? { ...segment, incidentAt: 400 } : segment,
  )
  const result = tryPlan({ ...from, segments }, 'latest')
  assert.ok(isHoldfastError(result, 'BINLOG_INCIDENT'))
  assert.match(result.hint, /--to pos:binlog.000001:400/)
  assert.ok(!(tryPlan({ ...from, segments }, 'pos:binlog.000001:400') instanceof Error))
})

test('transactions logged as statements are warned about', () => {
  const from = history(plain)
  const segments = from.segments.map((segment) => ({ ...segment, statementTransactions: 2 }))
  assert.match(plan({ ...from, segments }, 'latest').warnings.join(), /logged as statements/)
})

test('a transaction whose clock ran ahead hides later ones from a time, with a warning', () => {
  const from = history(plain)
  const forged = (segment: HistorySegment): readonly HistoryTransaction[] =>
    from
      .transactionsOf(segment)
      .map((each) => (each.gtid === '0-1-4' ? { ...each, timeMicros: 99 * minute } : each))
  const segments = from.segments.map((segment) =>
    segment.seq === 3 ? { ...segment, maxTimeMicros: 99 * minute } : segment,
  )
  const result = plan({ ...from, segments, transactionsOf: forged }, '1970-01-01T00:05:00Z')
  assert.equal(result.end.gtid?.text, '0-1-3')
  assert.match(
    result.warnings.join(),
    /1 transaction after binlog.000002:200 is not restored although of an earlier time/,
  )
})

test('a base ahead of its own position leaves out what it already has', () => {
  const from = history({ ...plain, flavour: 'mysql' })
  const backup = from.backups[0]!
  const state = { flavour: 'mysql' as const, text: `${uuid}:1-2:4` }
  const backups = [{ ...backup, point: { ...backup.point, gtid: state } }]
  const result = plan({ ...from, backups }, 'latest')
  assert.deepEqual(result.replay?.alreadyInBase, { state, transactions: 2 })
  assert.equal(result.replay?.transactions, 2)
  assert.equal(result.end.gtid?.text, `${uuid}:1-5`)
})

test('of a base that may hold anything between two points, nothing before the second can be had', () => {
  for (const flavour of ['mysql', 'mariadb'] as const) {
    const from = history({ ...plain, flavour, backupsAfter: [0, 2] })
    const gtids = from.all.map(({ gtid }) => gtid ?? '')
    const [older, newer] = from.backups
    assert(older !== undefined && newer !== undefined)
    const upTo = { timeMicros: 4 * minute, gtid: stateAfter(emptyState(flavour), gtids.slice(0, 4)) }
    const bounded = { ...from, backups: [older, { ...newer, upTo }] }
    const baseOf = (to: string, more?: Partial<RestorePlanInput>): string => {
      const result = tryPlan(bounded, to, more)
      return result instanceof Error ? result.message : result.base.id
    }
    assert.equal(baseOf(`before-gtid:${gtids[3]}`), older.id)
    assert.equal(baseOf(`before-gtid:${gtids[4]}`), newer.id)
    assert.equal(baseOf('latest'), newer.id)
    assert.equal(baseOf('backup'), newer.id)
    const named = { backupId: newer.id }
    assert.match(
      baseOf(`before-gtid:${gtids[3]}`, named),
      /lies before the oldest point that can be restored/,
    )
    // Archived is less than the backup may have: all of that, or nothing.
    const short = { ...bounded, segments: bounded.segments.slice(0, 1), backups: [{ ...newer, upTo }] }
    assert.equal(plan(short, 'latest').replay?.legs.at(-1)?.until.offset, short.segments[0]?.end)
  }
})

test('the same file name of another history is told apart by its GTIDs', () => {
  const from = history({ ...plain, flavour: 'mysql' })
  const backup = from.backups[0]!
  const other = uuid.replace('3e11', '4e11')
  const backups = [
    { ...backup, point: { ...backup.point, gtid: { flavour: 'mysql' as const, text: `${other}:1-9` } } },
  ]
  assert.ok(isHoldfastError(tryPlan({ ...from, backups }, 'latest'), 'ARCHIVE_GAP'))
})

test('without archived logs latest is the newest backup, and says so', () => {
  const result = plan({ ...history(plain), segments: [] }, 'latest')
  assert.equal(result.replay, undefined)
  assert.match(result.warnings.join(), /no archived binary logs/)
})

test('what cannot be meant is refused as usage', () => {
  const from = history(plain)
  assert.ok(isHoldfastError(tryPlan(from, `gtid:${uuid}:1`), 'USAGE'))
  assert.ok(isHoldfastError(tryPlan(from, 'latest', { skipGtids: ['everything'] }), 'USAGE'))
  assert.ok(isHoldfastError(tryPlan(from, 'latest', { backupId: 'b9' }), 'USAGE'))
  assert.ok(isHoldfastError(tryPlan({ ...from, backups: [] }, 'latest'), 'POINT_OUTSIDE_WINDOW'))
  assert.ok(isHoldfastError(tryPlan(from, 'gtid:0-1-77'), 'POINT_NOT_FOUND'))
  assert.ok(isHoldfastError(tryPlan(from, 'backup', { skipGtids: ['0-1-3'] }), 'POINT_NOT_FOUND'))
})

test('a backup of a part of the instance is a base only when it is named', () => {
  const from = history({ ...plain, backupsAfter: [1, 3] })
  const backups = from.backups.map((each) => (each.id === 'b1' ? { ...each, isPartial: true } : each))
  assert.equal(plan({ ...from, backups }, 'latest').base.id, 'b0')
  assert.equal(plan({ ...from, backups }, 'backup', { backupId: 'b1' }).base.id, 'b1')
  assert.ok(isHoldfastError(tryPlan({ ...from, backups }, 'latest', { backupId: 'b1' }), 'UNSUPPORTED'))
})

test('a transaction that starts in one segment and ends in the next belongs to the one where it ends', () => {
  const from = history(plain)
  // The third transaction, binlog.000001:400 to 500, lies in the second segment; cut the first one in the middle of it.
  const segments = from.segments.map((segment) => {
    if (segment.seq === 1) return { ...segment, end: 450 }
    return segment.seq === 2 ? { ...segment, start: 450 } : segment
  })
  const before = plan({ ...from, segments }, 'before-gtid:0-1-3')
  assert.deepEqual(before.replay?.legs.at(-1)?.until, { file: 'binlog.000001', offset: 400 })
  assert.deepEqual(before.replay?.segments, [
    { timeline: 't1', seq: 1, file: 'binlog.000001', start: 300, end: 400 },
  ])
  assert.equal(before.replay?.bytes, 100)
  assert.equal(before.end.gtid?.text, '0-1-2')
  for (const offset of [420, 450, 480]) {
    const inside = plan({ ...from, segments }, `pos:binlog.000001:${offset}`)
    assert.equal(inside.end.gtid?.text, '0-1-2', `offset ${offset}`)
    assert.equal(inside.replay?.transactions, 1, `offset ${offset}`)
  }
  const behind = plan({ ...from, segments }, 'gtid:0-1-3')
  assert.deepEqual(behind.replay?.legs.at(-1)?.until, { file: 'binlog.000001', offset: 500 })
  const [backup] = from.backups
  assert.ok(backup !== undefined)
  const late = {
    ...backup,
    point: {
      ...backup.point,
      position: { file: 'binlog.000001', offset: 400 },
      gtid: { flavour: 'mariadb' as const, text: '0-1-2' },
    },
  }
  assert.equal(plan({ ...from, segments, backups: [late] }, 'latest').replay?.transactions, 3)
})
