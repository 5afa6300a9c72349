// The name that servers give to the files of a table.

interface Table {
  readonly schema: string
  readonly name: string
}

/**
 * `shop/day@002dbook`, without what comes behind the dot: all but letters, digits and _ is @ and the code in four hex digits
 * (tablename_to_filename of sql_table.cc). Undefined for letters that are not ASCII, which have codes of their own there.
 */
export function tableFileName({ schema, name }: Table): string | undefined {
  return /^[\x20-\x7e]*$/.test(schema + name) ? `${encoded(schema)}/${encoded(name)}` : undefined
}

function encoded(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, (char) => `@${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
