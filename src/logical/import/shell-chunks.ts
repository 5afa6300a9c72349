// The files with the rows of a table in a dump by MySQL Shell, in their order, and whether the last one is there.
import { HoldfastError } from '../../core/errors.ts'

/**
 * `base.tsv.zst` of what was not cut, or `base@0.tsv.zst`, `base@1.tsv.zst`, … and `base@@2.tsv.zst`, which is the last one.
 * @throws HoldfastError DUMP_INCOMPLETE naming a file that is missing
 */
export function shellChunks(names: ReadonlySet<string>, base: string, extension: string): readonly string[] {
  const whole = `${base}.${extension}`
  if (names.has(whole)) return [whole]
  const chunks: string[] = []
  for (let at = 0; ; at++) {
    const last = `${base}@@${at}.${extension}`
    if (names.has(last)) return [...chunks, last]
    const chunk = `${base}@${at}.${extension}`
    if (!names.has(chunk)) {
      throw new HoldfastError(
        'DUMP_INCOMPLETE',
        at === 0
          ? `the rows of ${base} are missing`
          : `${chunk} is missing, and the last file with rows, too`,
        { file: chunk },
      )
    }
    chunks.push(chunk)
  }
}
