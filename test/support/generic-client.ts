import type { App } from './subscriber.ts'

/** Publishes generic events with an Altinn token, and a platform access token if given. */
export function createGenericClient({ api }: Pick<App, 'api'>, token?: string, platform?: string) {
  return {
    publish: (event: object | string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${api}/events`, {
        method: 'POST',
        headers: {
          'content-type': 'application/cloudevents+json; charset=utf-8',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(platform !== undefined && { platformaccesstoken: platform }),
          ...headers,
        },
        body: typeof event === 'string' ? event : JSON.stringify(event),
      }),
    read: (query: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(query.startsWith('http') ? query : `${api}/events?${query}`, {
        headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
      }),
  }
}
