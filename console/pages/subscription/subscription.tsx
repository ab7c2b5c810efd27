import { read } from '../../api.ts'
import { defineTexts } from '../../language.ts'
import { Breadcrumbs } from '../../breadcrumbs.tsx'
import { PageHeading } from '../../page-heading.tsx'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { Link } from '../../router.tsx'
import type { PageProps } from '../../routes.ts'
import { CircuitTag } from '../../subscriptions/circuit-tag.tsx'
import type { Subscription } from '../../subscriptions/subscription.ts'
import { Deliveries } from './deliveries.tsx'
import { SubscriptionFacts } from './facts.tsx'
import { PauseButton } from './pause-button.tsx'
import { Secret } from './secret.tsx'
import { Statistics } from './statistics.tsx'

const texts = defineTexts({
  nb: { title: (id: string) => `Abonnement ${id}`, replay: 'Send på nytt' },
  en: { title: (id: string) => `Subscription ${id}`, replay: 'Send again' },
})

const EVERY_MS = 3000

/** A subscription: what it asks for, how it is doing, and its deliveries as they come. */
export function Page({ params: { id = '' } }: PageProps) {
  const names = texts.use()
  const address = `subscriptions/${encodeURIComponent(id)}`
  const { data, problem, reload } = useQuery(
    address,
    (signal) => read<Subscription>(address, signal),
    { everyMs: EVERY_MS },
  )
  return (
    <>
      <Breadcrumbs />
      <PageHeading title={names.title(id)}>
        {data !== undefined && <CircuitTag subscription={data} />}
        {data !== undefined && <PauseButton subscription={data} onChange={reload} />}
        {data !== undefined && <Link to={`${address}/replay`}>{names.replay}</Link>}
      </PageHeading>
      <ProblemNotice problem={problem} />
      {data !== undefined && (
        <>
          <SubscriptionFacts subscription={data} />
          <Statistics id={data.id} />
          <Deliveries id={data.id} />
          <Secret id={data.id} />
        </>
      )}
    </>
  )
}
