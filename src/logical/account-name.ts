// What an account is called in sentences.
import type { AccountContent } from './content.ts'

/** `user@host`; the name alone of a role. */
export function accountName({ isRole, user, host }: AccountContent): string {
  return isRole ? user : `${user}@${host}`
}
