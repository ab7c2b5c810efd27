const consumers = [
  '/org/ttd',
  '/org/skd',
  '/user/20001',
  '/user/20002',
  '/systemuser/a545ca75-0d54-4f84-9d57-5ae1b1d50cd2',
  '/organisation/912345678',
]
const actions = ['publish', 'subscribe', 'read'] as const
const urn = (name: string) => `urn:altinn:resource:${name}`

/** The resources of the table: what is granted about each, to every caller; to `*`; and to another. */
export const tableGrants = [
  ...actions.flatMap((action) =>
    consumers.map((who) => ({ resource: urn(`granted-${action}`), action, who })),
  ),
  ...actions.map((action) => ({ resource: urn('granted-everyone'), action, who: '*' })),
  ...actions.map((action) => ({ resource: urn('granted-another'), action, who: '/org/nav' })),
]
