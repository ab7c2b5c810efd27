export const BROKER = 'urn:altinn:resource:skd-broker'
export const REGISTRY = 'urn:altinn:resource:skd-registry'

/** An app whose grants name skd, nav and ttd; about the registry, skd alone. */
export const granted = {
  settings: {
    ACCESS_GRANTS: JSON.stringify([
      { resource: 'urn:altinn:resource:skd-*', action: 'publish', who: '/org/skd' },
      { resource: BROKER, action: 'publish', who: '/org/nav' },
      { resource: BROKER, action: 'subscribe', who: '/org/ttd' },
      { resource: REGISTRY, action: 'read', who: '/org/skd' },
      { resource: 'urn:altinn:resource:*', action: 'subscribe', who: '/org/skd' },
    ]),
  },
}
