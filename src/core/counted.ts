// A number with what it counts: `1 row`, `1,204 rows`.

/** `noun` in the singular; its plural is made with an s. Digits are grouped whatever the locale of the machine. */
export function counted(value: number, noun: string): string {
  return `${value.toLocaleString('en-US')} ${noun}${value === 1 ? '' : 's'}`
}
