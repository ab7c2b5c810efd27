/**
 * The body and the headers, but for the signature, of the request that takes an event to an endpoint: structured
 * CloudEvents JSON with the content type of the original (altinn-contract §5.4), not CloudEvents' own. Slack takes only
 * its own form, so it gets the event as text.
 */
export function webhookRequest(endpoint: string, event: object, traceparent: string) {
  const text = JSON.stringify(event)
  return {
    body: new URL(endpoint).hostname === 'hooks.slack.com' ? JSON.stringify({ text }) : text,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'app-events',
      traceparent,
    },
  }
}
