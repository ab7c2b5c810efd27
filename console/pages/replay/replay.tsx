import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiProblem, read } from '../../api.ts'
import { Breadcrumbs } from '../../breadcrumbs.tsx'
import { defineTexts } from '../../language.ts'
import { PageHeading } from '../../page-heading.tsx'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import type { PageProps } from '../../routes.ts'
import { focusSection } from '../../section.tsx'
import { CircuitTag } from '../../subscriptions/circuit-tag.tsx'
import type { Subscription } from '../../subscriptions/subscription.ts'
import { ReplayForm } from './form.tsx'
import { LastReplay, type Replay } from './last-replay.tsx'

const texts = defineTexts({
  nb: { title: 'Send på nytt' },
  en: { title: 'Send again' },
})

const EVERY_MS = 1000

/** Sends many events of a subscription again: what, of which time, how many; and how far it is. */
export function Page({ params: { id = '' } }: PageProps) {
  const { title } = texts.use()
  const own = `subscriptions/${encodeURIComponent(id)}`
  const address = `${own}/replay`
  const subscription = useQuery(own, (signal) => read<Subscription>(own, signal), {
    everyMs: 3 * EVERY_MS,
  })
  const last = useQuery(address, (signal) => readLast(address, signal), { everyMs: EVERY_MS })
  const [count, setCount] = useState<string>()
  const replay = last.data === 'none' ? undefined : last.data
  const isChanging = useRef(false)
  useEffect(() => {
    if (isChanging.current) focusSection('last') // the button goes
    isChanging.current = false
  }, [replay?.id, replay?.state])
  const showChange = () => {
    isChanging.current = true
    last.reload()
  }
  return (
    <>
      <Breadcrumbs subscription={id} />
      <PageHeading title={title}>
        {subscription.data !== undefined && <CircuitTag subscription={subscription.data} />}
      </PageHeading>
      <ProblemNotice problem={subscription.problem ?? last.problem} />
      {last.data !== undefined && replay?.state !== 'running' && (
        <ReplayForm
          key={replay?.id} // counts anew after one that was done before it was seen to run
          address={address}
          onStart={(expected) => {
            setCount(expected)
            showChange()
          }}
        />
      )}
      {replay !== undefined && (
        <LastReplay subscription={id} replay={replay} count={count} onChange={showChange} />
      )}
    </>
  )
}

/** Returns the last replay. That there was none is no fault. */
async function readLast(address: string, signal: AbortSignal): Promise<Replay | 'none'> {
  try {
    return await read<Replay>(address, signal)
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return 'none'
    throw error
  }
}
