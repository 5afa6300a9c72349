// Which orders should have come back with the archive and did not.
import type { PlacedOrder } from './order-traffic.ts'

export interface OrdersOfTheDay {
  /** Orders that were there right before the accident. */
  readonly before: ReadonlySet<number>
  /** Orders that the server acknowledged afterwards, until it died. */
  readonly later: readonly PlacedOrder[]
  /** Commit time of the last transaction in the archive, in milliseconds since 1970. */
  readonly sealedMs: number
}

/** One sentence for each way in which the orders that came back fall short; none when all is well. */
export function lostOrders(
  { before, later, sealedMs }: OrdersOfTheDay,
  cameBack: ReadonlySet<number>,
): string[] {
  const gone = [...before].filter((id) => !cameBack.has(id))
  // A commit has its time before it is acknowledged.
  const lost = later.filter(({ id, acknowledgedMs }) => acknowledgedMs <= sealedMs && !cameBack.has(id))
  const isNothingNew = later.length > 0 && !later.some(({ id }) => cameBack.has(id))
  return [
    ...(gone.length === 0 ? [] : [`missing from before the accident: ${some(gone)}`]),
    ...(lost.length === 0
      ? []
      : [`missing from before the end of the archive: ${some(lost.map(({ id }) => id))}`]),
    ...(isNothingNew ? [`none of the ${later.length} orders after the accident came back`] : []),
  ]
}

function some(ids: readonly number[]): string {
  const more = ids.length > 5 ? ` and ${ids.length - 5} more` : ''
  return `orders ${ids.slice(0, 5).join(', ')}${more}`
}
