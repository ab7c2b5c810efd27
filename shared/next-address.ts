/**
 * The address of the page after an event: the caller's own, with another `after`. So its host and scheme are those that
 * the caller used, as the Functions host tells them. X-Forwarded-Host and the like are believed from nobody: anyone can
 * send them, and a reader's token goes where `next` points.
 */
export function nextAddress(url: string, after: string): string {
  const { origin, pathname, search } = new URL(url)
  const others = search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !/^after=/i.test(pair))
  return `${origin}${pathname}?${[`after=${after}`, ...others].join('&')}`
}
