// A source by its name, as long as the repository knows it: a mistyped name must not look like an empty history.
import { HoldfastError } from '../core/errors.ts'
import type { Repository } from '../repository/repository.ts'
import type { SourceRepository } from '../repository/source-repository.ts'

/** Throws USAGE, naming the instances that there are. */
export async function existingSource(
  repository: Repository,
  name: string,
  signal: AbortSignal,
): Promise<SourceRepository> {
  const names = await repository.listSources(signal)
  if (names.includes(name)) return repository.source(name)
  throw new HoldfastError(
    'USAGE',
    `there is no instance '${name}' in ${repository.place}`,
    { source: name },
    {
      hint:
        names.length === 0
          ? 'The repository is empty. Take a backup with: holdfast backup URL'
          : `There is: ${names.join(', ')}`,
    },
  )
}
