import type { Publisher } from '../events/cloud-event.ts'
import { Problem } from '../http/problem.ts'
import { appOf, hostOf } from '../events/source.ts'

/**
 * Throws a 401 unless `source` belongs to the publisher: its first two path segments equal the publisher's org and app (the
 * original compares a prefix, altinn-contract §7.2), and its host matches one of `hosts`, if any are configured.
 */
export function requireOwnSource(
  { org, app }: Publisher,
  source: string,
  hosts: string[] | undefined,
): void {
  const named = appOf(source)
  const isOwn = named.org === org && named.app === app
  if (
    isOwn &&
    (hosts === undefined || hosts.some((pattern) => hostMatches(pattern, hostOf(source))))
  )
    return
  throw new Problem(401, `${org}/${app} is not authorized to create events for ${source}`)
}

const hostMatches = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && !host.startsWith('.')
    : host === pattern
