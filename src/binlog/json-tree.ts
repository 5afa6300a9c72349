// A JSON value as a tree whose leaves are text already, so that no number loses what its type said.

export type JsonNode =
  | { readonly kind: 'leaf'; readonly text: string }
  | { readonly kind: 'array'; readonly items: JsonNode[] }
  | { readonly kind: 'object'; readonly members: Map<string, JsonNode> }

/** As MySQL prints it: spaces after commas and colons, shorter names first (Json_object's order). */
export function jsonText(node: JsonNode): string {
  if (node.kind === 'leaf') return node.text
  if (node.kind === 'array') return `[${node.items.map(jsonText).join(', ')}]`
  const members = [...node.members].map(([name, value]) => ({ bytes: Buffer.from(name), name, value }))
  members.sort((a, b) => a.bytes.length - b.bytes.length || a.bytes.compare(b.bytes))
  return `{${members.map(({ name, value }) => `${JSON.stringify(name)}: ${jsonText(value)}`).join(', ')}}`
}
