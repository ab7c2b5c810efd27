/**
 * The address of the page after an event: the caller's own, with another `after`. So its host and scheme are those that
 * the caller used, as the Functions host tells them. X-Forwarded-Host and the like are believed from nobody: anyone can
 * send them, and a reader's token goes where `next` points.
 */
export function nextAddress(url: string, after: string): string {
  const { origin, pathname, searchParams } = new URL(url)
  const others = [...searchParams].filter(([name]) => name.toLowerCase() !== 'after')
  return `${origin}${pathname}?${String(new URLSearchParams([['after', after], ...others]))}`
}
