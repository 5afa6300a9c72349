// Holds a restore to what its owner agreed to drop.
import { HoldfastError } from '../../core/errors.ts'
import type { Drop } from './plan-arrival.ts'

/** @throws HoldfastError TARGET_NOT_EMPTY for a drop that nobody agreed to: it may have come after the question */
export function refuseOtherDrops(drops: readonly Drop[], agreed: readonly string[]): void {
  const others = drops.map(({ name }) => name).filter((name) => !agreed.includes(name))
  if (others.length === 0) return
  throw new HoldfastError(
    'TARGET_NOT_EMPTY',
    `the target has ${others.slice(0, 20).join(', ')}, which nobody agreed to drop`,
    { objects: others.length },
    { hint: 'Run the command again, and look at what it would drop; nothing was changed.' },
  )
}
