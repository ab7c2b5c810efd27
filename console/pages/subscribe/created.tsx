import { read } from '../../api.ts'
import { Button } from '../../button.tsx'
import { CopyButton } from '../../copy-button.tsx'
import { defineTexts } from '../../language.ts'
import { PageHeading } from '../../page-heading.tsx'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { Link } from '../../router.tsx'
import { CircuitDetail, CircuitTag } from '../../subscriptions/circuit-tag.tsx'
import { isWell, type Subscription } from '../../subscriptions/subscription.ts'
import { TryIt } from './try-it.tsx'

const texts = defineTexts({
  nb: {
    title: (id: number) => `Abonnement ${id}`,
    once: 'Abonnementet er opprettet. Dette er hemmeligheten som webhookene signeres med. Den vises bare nå:',
    known:
      'Du hadde dette abonnementet fra før. Hemmeligheten er den du har; abonnementets side kan lage en ny.',
    what: 'hemmeligheten',
    asking: 'Endepunktet får en prøvehendelse. Når det har svart på den, blir hendelser sendt.',
    answered: 'Endepunktet har svart. Hendelser blir sendt fra nå av.',
    validated: 'Endepunktet har svart på prøvehendelsen.',
    open: 'Til abonnementet',
    another: 'Lag et til',
  },
  en: {
    title: (id: number) => `Subscription ${id}`,
    once: 'The subscription is made. This is the secret that signs its webhooks. It is shown only now:',
    known:
      'You had this subscription already. Its secret is the one you have; the subscription’s page can make a new one.',
    what: 'the secret',
    asking: 'The endpoint gets a trial event. When it has answered, events are sent.',
    answered: 'The endpoint has answered. Events are sent from now on.',
    validated: 'The endpoint has answered the trial event.',
    open: 'To the subscription',
    another: 'Make another',
  },
})

/** A subscription as it is told when it is made: the secret is there only then, and only if it is new. */
export type NewSubscription = Subscription & { secret?: string }

const EVERY_MS = 1000

/** Returns what to say of its validation: that events are sent, only where they are. */
function stageOf(subscription: Subscription): 'asking' | 'answered' | 'validated' {
  if (!subscription.validated) return 'asking'
  return isWell(subscription) ? 'answered' : 'validated'
}

/** The secret of a new subscription, how its validation goes, and, on the local stack, an event to try it with. */
export function Created({ made, onAnother }: { made: NewSubscription; onAnother: () => void }) {
  const names = texts.use()
  const { id, secret } = made
  const address = `subscriptions/${id}`
  const { data = made, problem } = useQuery(
    address,
    (signal) => read<Subscription>(address, signal),
    { everyMs: EVERY_MS },
  )
  return (
    <>
      <PageHeading title={names.title(id)}>
        <CircuitTag subscription={data} />
      </PageHeading>
      <div class="groups">
        <div class="ds-alert" data-color={secret === undefined ? 'info' : 'success'}>
          <p class="ds-paragraph">{secret === undefined ? names.known : names.once}</p>
          {secret !== undefined && (
            <p class="row">
              <code>{secret}</code>
              <CopyButton text={secret} what={names.what} />
            </p>
          )}
        </div>
        <div role="status">
          <p class="ds-paragraph">{names[stageOf(data)]}</p>
          <small class="lines">
            <CircuitDetail subscription={data} />
          </small>
        </div>
        <ProblemNotice problem={problem} />
        <div class="row">
          <Link to={address}>{names.open}</Link>
          <Button onClick={onAnother}>{names.another}</Button>
        </div>
      </div>
      {data.validated && <TryIt subscription={data} />}
    </>
  )
}
