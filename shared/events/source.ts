const uriCharacters = /^[\w\-.~:/?#[\]@!$&'()*+,;=%]*$/ // RFC 3986 §2
const instanceId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Returns what is wrong with an event's `source`, as the end of a sentence, or undefined. A valid source is stored unchanged. */
export function faultOfSource(source: string): string | undefined {
  if (!/^https?:\/\/[^/?#]/i.test(source)) return 'must be an absolute http or https URL'
  if (!uriCharacters.test(source))
    return 'has characters that a URI cannot have (RFC 3986): percent-encode them'
  if (/%(?![0-9a-f]{2})/i.test(source)) return 'has a % that encodes nothing'
  if (!URL.canParse(source)) return 'is not a valid URL'
  const url = new URL(source)
  if (url.username !== '' || url.password !== '' || authorityOf(source).includes('@'))
    return 'must not have user information'
  if (authorityOf(source).includes('%')) return 'must not have encoded characters in its host'
  return faultOfPath(pathOf(source), url.pathname)
}

/** Rejects a path that URL parsing changes (dot segments, plain or encoded): readers could see another path than was checked. */
function faultOfPath(path: string, parsed: string): string | undefined {
  if (/%2f|%5c/i.test(path)) return 'must not have encoded slashes in its path'
  if (path.includes('//')) return 'must not have empty segments in its path'
  return path === parsed || path === '' ? undefined : 'must not have dot segments in its path'
}

const authorityOf = (source: string): string =>
  source.replace(/^https?:\/\//i, '').split(/[/?#]/)[0] ?? ''
const pathOf = (source: string): string => source.replace(/^https?:\/\/[^/?#]*([^?#]*).*$/i, '$1')

const plainSource = /^https?:\/\/[a-z0-9.-]*[a-z](?:[/?#][^%]*)?$/ // as nearly all are: no need to parse

/**
 * Returns a source in the form in which sources are compared (RFC 3986 §6.2.2–3): scheme and host in lower case, without
 * the scheme's default port, percent-encodings only where they are needed and in upper case.
 */
export function canonicalSource(source: string): string {
  if (plainSource.test(source) || !URL.canParse(source)) return source
  const { protocol, host } = new URL(source)
  const rest = source.replace(/^https?:\/\/[^/?#]*/i, '')
  return `${protocol}//${host}${rest.replaceAll(/%[0-9a-f]{2}/gi, canonicalEncoding)}`
}

function canonicalEncoding(encoded: string): string {
  const character = String.fromCodePoint(Number.parseInt(encoded.slice(1), 16))
  return /[\w.~-]/.test(character) ? character : encoded.toUpperCase()
}

/** Returns the host of a valid source, in lower case, without port. */
export const hostOf = (source: string): string => new URL(source).hostname

/** Returns the org and app of a valid source: the first two segments of its path, unchanged. */
export function appOf(source: string): { org: string | undefined; app: string | undefined } {
  const [, org, app] = pathOf(source).split('/')
  return { org, app }
}

/** Returns `{party}/{instance}` when the path is `/{org}/{app}/instances/{party}/{instance}`, otherwise undefined. */
export function instanceOf(source: string): string | undefined {
  const [, , , instances, party = '', instance = ''] = pathOf(source).split('/')
  const isInstance = instances === 'instances' && /^\d+$/.test(party) && instanceId.test(instance)
  return isInstance ? `${party}/${instance}` : undefined
}
