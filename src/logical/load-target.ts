// Whether a target may take a backup: right flavour and release, and the same case of names.
import type { BackupOrigin } from '../core/backup.ts'
import { HoldfastError } from '../core/errors.ts'
import type { InstanceFacts } from '../instance/instance-facts.ts'
import { releaseNumber, seriesOf } from '../instance/server-release.ts'
import type { LogicalContent } from './content.ts'
import { checkNameCase } from './name-case.ts'

/** @throws HoldfastError VERSION_MISMATCH */
export function checkVersion(
  origin: Pick<BackupOrigin, 'flavour' | 'serverVersion'>,
  content: LogicalContent,
  target: InstanceFacts,
): void {
  const details = {
    backup: `${origin.flavour} ${origin.serverVersion}`,
    target: `${target.flavour} ${target.version}`,
  }
  if (
    target.flavour !== origin.flavour ||
    seriesOf(target.release) < seriesOf(releaseNumber(origin.serverVersion))
  ) {
    throw new HoldfastError(
      'VERSION_MISMATCH',
      `a backup of ${details.backup} cannot be restored into ${details.target} as it is`,
      details,
      {
        hint: 'Restore into the same flavour and the same or a newer version; or let it be translated with --to backup --translate, which reports what changes.',
      },
    )
  }
  checkNameCase(
    content,
    target.lowerCaseTableNames,
    'Initialise the target with the same lower_case_table_names as the source.',
  )
}
