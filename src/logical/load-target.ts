// Whether a target may take a backup: right flavour and release.
import type { BackupOrigin } from '../core/backup.ts'
import { HoldfastError } from '../core/errors.ts'
import type { InstanceFacts } from '../instance/instance-facts.ts'
import { releaseNumber } from '../instance/server-release.ts'
import type { LogicalContent } from './content.ts'

/** Without the patch: 10.11.6 and 10.11.9 are alike. */
function series(release: number): number {
  return Math.floor(release / 100)
}

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
    series(target.release) < series(releaseNumber(origin.serverVersion))
  ) {
    throw new HoldfastError(
      'VERSION_MISMATCH',
      `a backup of ${details.backup} cannot be restored into ${details.target}`,
      details,
    )
  }
  const { lowerCaseTableNames } = content.server
  if (target.lowerCaseTableNames !== lowerCaseTableNames) {
    throw new HoldfastError(
      'VERSION_MISMATCH',
      `lower_case_table_names is ${lowerCaseTableNames} in the backup and ${target.lowerCaseTableNames} on the target`,
      details,
      { hint: 'Initialise the target with the same lower_case_table_names as the source.' },
    )
  }
}
