// What a server has executed, in either flavour's terms: the few questions that planning a restore asks of it.
import { formatMariadbGtid, GtidPosition, parseMariadbGtid } from './gtid-position.ts'
import { GtidSet, parseMysqlGtid } from './gtid-set.ts'
import type { GtidState } from './recovery-point.ts'

/**
 * A test for many transactions: is `gtid` part of `state`? On MariaDB that means that its domain has reached that sequence
 * number. The text of a set is parsed once only.
 */
export function containsTest(state: GtidState): (gtid: string) => boolean {
  if (state.flavour === 'mysql') {
    const set = GtidSet.parse(state.text)
    return (gtid) => set.contains(parseMysqlGtid(gtid))
  }
  const position = GtidPosition.parse(state.text)
  return (gtid) => position.contains(parseMariadbGtid(gtid))
}

/** True when everything of `other` is part of `state`. Both must be of one flavour. */
export function stateCovers(state: GtidState, other: GtidState): boolean {
  return missingFrom(state, other) === ''
}

/** True when both say that the same transactions were executed. */
export function statesEqual(a: GtidState, b: GtidState): boolean {
  if (a.flavour !== b.flavour) return false
  return a.flavour === 'mysql'
    ? GtidSet.parse(a.text).equals(GtidSet.parse(b.text))
    : GtidPosition.parse(a.text).equals(GtidPosition.parse(b.text))
}

/** The part of `wanted` that `state` lacks, in the flavour's text; empty text when there is none. */
export function missingFrom(state: GtidState, wanted: GtidState): string {
  if (state.flavour === 'mysql') {
    return GtidSet.parse(wanted.text).subtract(GtidSet.parse(state.text)).toString()
  }
  const reached = GtidPosition.parse(state.text)
  return GtidPosition.parse(wanted.text)
    .gtids()
    .filter((gtid) => !reached.contains(gtid))
    .map(formatMariadbGtid)
    .join(',')
}

/** `state` after these transactions, in this order. On MariaDB the last one of each domain counts. */
export function stateAfter(state: GtidState, gtids: Iterable<string>): GtidState {
  if (state.flavour === 'mysql') {
    const added = GtidSet.of(
      [...gtids].map((text) => {
        const { uuid, tag, number } = parseMysqlGtid(text)
        return { uuid, tag, intervals: [{ first: number, last: number }] }
      }),
    )
    return { flavour: 'mysql', text: GtidSet.parse(state.text).union(added).toString() }
  }
  const lastByDomain = GtidPosition.of([
    ...GtidPosition.parse(state.text).gtids(),
    ...[...gtids].map(parseMariadbGtid),
  ])
  return { flavour: 'mariadb', text: lastByDomain.toString() }
}

/** Both together, `later` happening after `state`. */
export function joinStates(state: GtidState, later: GtidState): GtidState {
  if (state.flavour === 'mysql') {
    return { flavour: 'mysql', text: GtidSet.parse(state.text).union(GtidSet.parse(later.text)).toString() }
  }
  return stateAfter(state, GtidPosition.parse(later.text).gtids().map(formatMariadbGtid))
}

/** `state` without these transactions: on MySQL they leave holes, a MariaDB position cannot have any and stays. */
export function stateWithout(state: GtidState, gtids: readonly string[]): GtidState {
  if (state.flavour === 'mariadb' || gtids.length === 0) return state
  const without = GtidSet.parse(gtids.join(','))
  return { flavour: 'mysql', text: GtidSet.parse(state.text).subtract(without).toString() }
}
