// Tablespaces so new that page 0 was not written yet: how their pages are summed is told by any other page.
import type { Flavour } from '../../core/flavour.ts'
import { checkPage } from '../innodb/page-check.ts'
import type { Tablespace } from '../innodb/tablespace.ts'

/** None has it: what is no number of a tablespace is looked at like those of tables. */
const noSpaceId = 0xffff_ffff

/**
 * How the first pages of `bytes`, the beginning of a file, are to be read. Undefined while no page of it can be read in any way: then nothing
 * was written, or a page is being written. `pageBytes` is innodb_page_size.
 */
export function guessTablespace(bytes: Buffer, flavour: Flavour, pageBytes: number): Tablespace | undefined {
  const whole = { spaceId: noSpaceId, flags: 0, pageBytes, flavour } as const
  const candidates: readonly Tablespace[] = [
    ...(flavour === 'mariadb' ? [{ ...whole, format: 'full' } as const] : []),
    { ...whole, format: 'classic' },
    ...[16, 8, 4, 2, 1].map((kib) => ({ ...whole, format: 'zip', pageBytes: kib * 1024 }) as const),
  ]
  return candidates.find((space) => hasSoundPage(bytes, space))
}

function hasSoundPage(bytes: Buffer, space: Tablespace): boolean {
  for (let at = 0; at + space.pageBytes <= bytes.length; at += space.pageBytes) {
    if (checkPage(bytes, at, at / space.pageBytes, space) === 'sound') return true
  }
  return false
}
