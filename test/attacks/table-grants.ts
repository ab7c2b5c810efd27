import type { Answer, Question } from '../../local/policy-decision-point.ts'

const consumers = [
  '/org/ttd',
  '/org/skd',
  '/user/20001',
  '/user/20002',
  '/systemuser/a545ca75-0d54-4f84-9d57-5ae1b1d50cd2',
  '/organisation/912345678',
]
const actions = ['publish', 'subscribe', 'read'] as const
const PREFIX = 'urn:altinn:resource:'

const toAll = (name: string, action: string) =>
  consumers.map((who) => ({ resource: PREFIX + name, action, who }))

/** The resources of the table: what is granted about each, to every caller; to `*`; and to another. */
export const tableGrants = [
  ...actions.flatMap((action) => [
    ...toAll(`granted-${action}`, action),
    ...toAll(`app_nav_granted-${action}`, action),
  ]),
  ...toAll('granted-both', 'publish'),
  ...toAll('granted-both', 'subscribe'),
  ...actions.map((action) => ({ resource: `${PREFIX}granted-everyone`, action, who: '*' })),
  ...actions.map((action) => ({ resource: `${PREFIX}granted-another`, action, who: '/org/nav' })),
]

const ACTION = 'urn:oasis:names:tc:xacml:1.0:action:action-id'
const attributes: [prefix: string, attribute: string][] = [
  ['/org/', 'urn:altinn:org'],
  ['/user/', 'urn:altinn:userid'],
  ['/systemuser/', 'urn:altinn:systemuser:uuid'],
  ['/organisation/', 'urn:altinn:organization:identifier-no'],
]

/** A policy that permits what the table's grants do, as a policy decision point is asked about it. */
export function decideByTable({ subject, action, resource }: Question): Answer {
  const callers = attributes.flatMap(([prefix, attribute]) =>
    (subject[attribute] ?? []).slice(0, 1).map((value) => prefix + value),
  )
  const about = PREFIX + resource['urn:altinn:resource']?.join()
  const isPermitted = tableGrants.some(
    (grant) =>
      grant.resource === about &&
      grant.action === action[ACTION]?.join() &&
      (grant.who === '*' || grant.who === callers[0]),
  )
  return isPermitted ? 'Permit' : 'Deny'
}
