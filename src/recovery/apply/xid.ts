// Names of XA transactions, as XA statements take them.

/** `X'…',X'…',1`: global part, branch part, format number. */
export function formatXid(formatId: number, global: Buffer, branch: Buffer): string {
  return `X'${global.toString('hex')}',X'${branch.toString('hex')}',${formatId}`
}
