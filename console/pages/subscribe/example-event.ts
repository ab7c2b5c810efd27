import { ApiProblem, bodyOf, fetchWhole } from '../../api.ts'
import { localTokens } from '../../sign-in/local-tokens.ts'
import type { Subscription } from '../../subscriptions/subscription.ts'

/** Returns the documentation's example as an event that a subscription matches; undefined where its resource is no app's. */
export function exampleFor(subscription: Subscription): object | undefined {
  const { resourceFilter, typeFilter, subjectFilter, alternativeSubjectFilter } = subscription
  const app = /^urn:altinn:resource:app_([^_]+)_(.+)$/.exec(resourceFilter)
  if (app === null) return undefined
  const [, org = '', name = ''] = app
  const root = subscription.sourceFilter ?? `https://${org}.apps.altinn.no/${org}/${name}`
  return {
    type: typeFilter ?? 'app.instance.created',
    source: `${root}/instances/50019855/428a4575-2c04-4400-89a3-1aaadd2579cd`,
    subject: subjectFilter ?? '/party/50019855',
    specversion: '1.0',
    alternativesubject: alternativeSubjectFilter ?? '/person/01017512345',
  }
}

/** Publishes an event as the app that its resource names, with tokens of the local stack. Returns its id. Throws an `ApiProblem`. */
export async function publish(resource: string, event: string): Promise<string> {
  const [org = '', app = ''] = resource.replace(/^.*:app_/, '').split(/_(.*)/)
  const { token, platformAccessToken = '' } = await localTokens({ org, app }).catch(unanswered)
  const answer = await fetchWhole('app', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      platformAccessToken,
      'content-type': 'application/json',
    },
    body: event,
  }).catch(unanswered)
  return String(bodyOf(answer))
}

function unanswered(): never {
  throw new ApiProblem(0, {})
}
