// Files of a backup that got other names all at once, perhaps those of one another.
import type { FileIntake } from './file-intake.ts'

/** Names may have gone round in a circle: all old ones are given up before the first new one is taken. */
export function renameFiles(
  intake: FileIntake,
  renamed: readonly { readonly from: string; readonly to: string }[],
): void {
  for (const { from } of renamed) intake.rename(from, passing(from))
  for (const { from, to } of renamed) intake.rename(passing(from), to)
}

/** A name that no file of a server has. */
function passing(path: string): string {
  return `${path}.#renamed`
}
