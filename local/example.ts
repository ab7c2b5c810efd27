/** The example event of the original documentation. */
export const exampleEvent = {
  type: 'app.instance.created',
  source:
    'https://ttd.apps.altinn.no/ttd/apps-test/instances/50019855/428a4575-2c04-4400-89a3-1aaadd2579cd',
  subject: '/party/50019855',
  specversion: '1.0',
  alternativesubject: '/person/01017512345',
}

/** A generic event, of a resource that is no app's. */
export const genericEvent = {
  specversion: '1.0',
  id: '8b8ac3b8-37a4-4a3a-8d33-5e0c1e5a7a11',
  source: 'https://platform.altinn.no/broker',
  type: 'no.altinn.broker.published',
  resource: 'urn:altinn:resource:ttd-broker',
  subject: '/organisation/991825827',
}

/** The members that may differ from the example. */
interface ClientEvent {
  type?: string
  data?: string | undefined
}

/** Returns an event as the real Altinn client writes it: ten members, with nulls and a time. */
export const clientBody = ({ type = exampleEvent.type, data }: ClientEvent = {}): string =>
  JSON.stringify({
    id: null,
    source: exampleEvent.source,
    specversion: '1.0',
    type,
    subject: exampleEvent.subject,
    time: new Date().toISOString(),
    alternativesubject: exampleEvent.alternativesubject,
    data: data ?? null,
    dataschema: null,
    contenttype: null,
  })

/** Returns the headers of the real Altinn client (altinn-contract §1.1). */
export const clientHeaders = (altinn: string, platform: string) => ({
  'Ocp-Apim-Subscription-Key': 'none',
  Accept: 'application/json',
  Authorization: `Bearer ${altinn}`,
  PlatformAccessToken: platform,
  'Content-Type': 'application/json; charset=utf-8',
})

/** Returns a command that publishes the example, ready to paste. */
export const curlCommand = (url: string, altinn: string, platform: string): string =>
  `curl -i '${url}' \\
  -H 'Content-Type: application/json' \\
  -H 'PlatformAccessToken: ${platform}' \\
  -H 'Authorization: Bearer ${altinn}' \\
  -d '${JSON.stringify(exampleEvent)}'`
