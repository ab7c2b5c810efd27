import { useState } from 'preact/hooks'
import { useAction } from '../../action.ts'
import { read } from '../../api.ts'
import { Button } from '../../button.tsx'
import { DeliveryTag } from '../../deliveries/delivery-tag.tsx'
import type { Delivery } from '../../deliveries/delivery.ts'
import { Field } from '../../field.tsx'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { Reason } from '../../reason.tsx'
import { Link } from '../../router.tsx'
import { Section } from '../../section.tsx'
import { findLocalStack } from '../../sign-in/local-tokens.ts'
import type { Subscription } from '../../subscriptions/subscription.ts'
import { exampleFor, publish } from './example-event.ts'

const texts = defineTexts({
  nb: {
    title: 'Prøv det',
    body: 'Dette finnes bare på en lokal stakk, som lager appens token. Hendelsen passer med filtrene; endre den som du vil.',
    event: 'Hendelsen',
    publish: 'Publiser',
    published: 'Det som er publisert',
    onWay: 'Mottatt, er ikke fordelt ennå',
    took: (ms: number) => `${ms} ms etter at den ble mottatt`,
    open: 'Se leveringen',
  },
  en: {
    title: 'Try it',
    body: 'Only a local stack has this: it makes the app’s tokens. The event passes the filters; change it as you like.',
    event: 'The event',
    publish: 'Publish',
    published: 'What was published',
    onWay: 'Accepted, not fanned out yet',
    took: (ms: number) => `${ms} ms after it was accepted`,
    open: 'See the delivery',
  },
})

/** Publishes an event that the subscription matches, and shows how it arrives. Nothing where there is no local stack. */
export function TryIt({ subscription }: { subscription: Subscription }) {
  const names = texts.use()
  const { id, resourceFilter } = subscription
  const { data: stack } = useQuery('local-stack', findLocalStack)
  const example = exampleFor(subscription)
  const [event, setEvent] = useState(JSON.stringify(example, undefined, 2))
  const [published, setPublished] = useState<string[]>([])
  const { run, isRunning, problem } = useAction(async () => {
    const eventId = await publish(resourceFilter, event)
    setPublished((before) => [eventId, ...before])
  })
  if (stack === undefined || example === undefined) return null
  return (
    <Section id="try" title={names.title}>
      <p class="ds-paragraph">{names.body}</p>
      <Field label={names.event} id="try-event">
        <textarea
          class="ds-input"
          id="try-event"
          rows={8}
          spellcheck={false}
          value={event}
          onInput={({ currentTarget: { value } }) => setEvent(value)}
        />
      </Field>
      <ProblemNotice problem={problem} />
      <Button kind="primary" onClick={run} isRunning={isRunning}>
        {names.publish}
      </Button>
      {published.length > 0 && <Arrivals subscription={id} events={published} />}
    </Section>
  )
}

const EVERY_MS = 500
const SHOWN = 10

/** The published events, newest first, each with its delivery as soon as there is one. */
function Arrivals({ subscription, events }: { subscription: number; events: string[] }) {
  const names = texts.use()
  const address = `subscriptions/${subscription}/deliveries?order=newest&size=${SHOWN}`
  const { data } = useQuery(
    address,
    (signal) => read<{ deliveries: Delivery[] }>(address, signal),
    { everyMs: EVERY_MS },
  )
  return (
    <div role="status">
      <ol class="events" aria-label={names.published}>
        {events.slice(0, SHOWN).map((event) => {
          const delivery = data?.deliveries.find((each) => each.event === event)
          return (
            <li key={event} class="row">
              {delivery === undefined ? (
                <span>{names.onWay}</span>
              ) : (
                <Arrival delivery={delivery} />
              )}
              {delivery !== undefined && (
                <Link to={`subscriptions/${subscription}/deliveries/${event}`}>{names.open}</Link>
              )}
            </li>
          )
        })}
      </ol>
    </div>
  )
}

function Arrival({ delivery: { state, attempts, acceptedAt } }: { delivery: Delivery }) {
  const { took } = texts.use()
  const last = attempts.at(-1)
  return (
    <>
      <DeliveryTag state={state} />
      {last !== undefined && (
        <span>
          {last.status ?? <Reason text={last.failure ?? ''} />},{' '}
          {took(Date.parse(last.at) + last.ms - Date.parse(acceptedAt))}
        </span>
      )}
    </>
  )
}
