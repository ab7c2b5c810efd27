import { read } from '../../api.ts'
import type { Delivery } from '../../deliveries/delivery.ts'
import { NextAttempt } from '../../deliveries/next-attempt.tsx'
import { Fact } from '../../facts.tsx'
import { defineTexts } from '../../language.ts'
import { useQuery } from '../../query.ts'
import { CircuitDetail, CircuitTag } from '../../subscriptions/circuit-tag.tsx'
import type { Subscription } from '../../subscriptions/subscription.ts'

const texts = defineTexts({
  nb: { subscription: 'Abonnementet', next: 'Neste forsøk' },
  en: { subscription: 'The subscription', next: 'Next attempt' },
})

const EVERY_MS = 3000

/** How the subscription of a waiting delivery is doing, and when the next attempt is: none while it is paused. */
export function WhyItWaits({
  subscription,
  delivery,
}: {
  subscription: string
  delivery: Delivery
}) {
  const names = texts.use()
  const address = `subscriptions/${encodeURIComponent(subscription)}`
  const { data } = useQuery(address, (signal) => read<Subscription>(address, signal), {
    everyMs: EVERY_MS,
  })
  return (
    <>
      {data !== undefined && (
        <Fact name={names.subscription}>
          <CircuitTag subscription={data} />
          <small class="lines">
            <CircuitDetail subscription={data} />
          </small>
        </Fact>
      )}
      {data?.circuit.state !== 'paused' && (
        <Fact name={names.next}>
          <NextAttempt delivery={delivery} />
        </Fact>
      )}
    </>
  )
}
