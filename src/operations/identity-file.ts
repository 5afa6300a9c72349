// Recovery keys on disk: age identity files, as age-keygen writes them.
import { open, readFile } from 'node:fs/promises'
import { HoldfastError } from '../core/errors.ts'

/** The AGE-SECRET-KEY lines of a file. Throws IDENTITY_MISSING when there is no such file, WRONG_KEY when it holds no key. */
export async function readIdentityFile(file: string): Promise<readonly string[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new HoldfastError(
      'IDENTITY_MISSING',
      `cannot read the key file ${file}`,
      { file },
      { cause: error },
    )
  }
  const keys = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  // The line itself is not named: it may be a secret of another kind.
  if (keys.length === 0 || !keys.every((line) => /^AGE-SECRET-KEY-[A-Z0-9-]+$/.test(line))) {
    throw new HoldfastError(
      'WRONG_KEY',
      `${file} is not an age identity file`,
      { file },
      {
        hint: 'A key file has one line that starts with AGE-SECRET-KEY-; lines that start with # are comments.',
      },
    )
  }
  return keys
}

/** Text of a key file: one that age reads, too. */
export function identityFileText(
  identity: string,
  recipients: readonly string[],
  repository: string,
): string {
  return [
    `# Recovery key of the Holdfast repository ${repository}`,
    `# created: ${new Date().toISOString()}`,
    `# public key: ${recipients.join(', ')}`,
    identity,
  ].join('\n')
}

/**
 * Writes a new file that only its owner can read, and makes it durable: the repository that follows cannot be opened
 * without it. Throws USAGE when the file exists, FAILED when it cannot be written.
 */
export async function writeIdentityFile(file: string, text: string): Promise<void> {
  try {
    await using handle = await open(file, 'wx', 0o600)
    await handle.writeFile(`${text}\n`)
    await handle.sync()
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw isTaken
      ? new HoldfastError(
          'USAGE',
          `${file} exists already`,
          { file },
          { hint: 'Keys are never overwritten: give another file with --identity-out.' },
        )
      : new HoldfastError('FAILED', `cannot write the key file ${file}`, { file }, { cause: error })
  }
}
