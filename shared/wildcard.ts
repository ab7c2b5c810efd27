/**
 * Whether texts are like a pattern, in which `%` stands for any text, the empty one too; case does not count. In time
 * that grows with text times pattern: a regular expression made of many `%` could be made to take for ever.
 */
export function likeness(pattern: string): (text: string) => boolean {
  const [first = '', ...others] = pattern.toLowerCase().split('%')
  const last = others.pop()
  return (text) => {
    const lower = text.toLowerCase()
    if (last === undefined) return lower === first
    if (!lower.startsWith(first)) return false
    let from = first.length
    for (const part of others) {
      const found = lower.indexOf(part, from)
      if (found < 0) return false
      from = found + part.length
    }
    return lower.length - last.length >= from && lower.endsWith(last)
  }
}
