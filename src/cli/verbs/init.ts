// `holdfast init`: creates a repository; the recovery key is the answer, so that it can be piped into a safe.
import { HoldfastError } from '../../core/errors.ts'
import { identityFileText, initRepository } from '../../operations/init-repository.ts'
import { shellWord } from '../output/shell-word.ts'
import type { VerbRun } from '../verb.ts'

export const run: VerbRun = async ({ options, say }) => {
  const isEncrypted = !options.flag('no-encryption')
  const identityOut = options.text('identity-out')
  const recipients = options.list('recipient') ?? []
  if (identityOut !== undefined && (!isEncrypted || recipients.length > 0)) {
    throw new HoldfastError('USAGE', '--identity-out is for the new key, and no key is made here')
  }
  if (!isEncrypted && recipients.length > 0) {
    throw new HoldfastError('USAGE', '--recipient and --no-encryption exclude each other')
  }
  const report = await initRepository({
    place: options.required('repository'),
    isEncrypted,
    recipients,
    identityOut,
  })
  const sentence = `Repository created in ${report.place}${report.isEncrypted ? '' : ', without encryption'}.`
  const next = `Next: holdfast backup mysql://user@host/ --repository ${shellWord(report.place)}`
  const json = { ...report }
  if (report.identity !== undefined) {
    // The key alone is on stdout, in the form of a key file.
    say(sentence)
    say(
      'Keep the recovery key below where the repository is not: without it nothing can be restored, and it is shown only now.',
    )
    say(next)
    return { text: identityFileText(report.identity, report.recipients, report.place), json }
  }
  const key =
    report.identityFile === undefined
      ? ''
      : `\nIts recovery key is in ${report.identityFile}. Keep it where the repository is not: without it nothing can be restored.`
  return { text: `${sentence}${key}\n${next}`, json }
}
