// What each exit status tells a script. Fixed by contract: statuses are only ever added.

export const exitStatuses: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failed',
  2: 'usage or configuration is wrong; nothing was done',
  3: 'done, with warnings',
  10: 'no repository there, or one of a newer format',
  11: 'locked by another command',
  12: 'wrong or missing key',
  20: 'source unreachable, or login refused',
  21: 'a privilege is missing',
  22: 'gap: the history that is asked for is not there',
  23: 'tool missing, or versions do not fit',
  30: 'verification failed: stored or restored bytes are not what they should be',
  32: 'an objective is broken: the source is not archived as it should be',
  70: 'a mistake in Holdfast',
  130: 'interrupted (SIGINT)',
  143: 'terminated (SIGTERM)',
}

/** Statuses that every verb can end with. */
export const commonExits: readonly number[] = [0, 2, 70, 130, 143]
