import { read } from '../../api.ts'
import { Breadcrumbs } from '../../breadcrumbs.tsx'
import { eventAddress, type EventStatus } from '../../events/event.ts'
import { defineTexts } from '../../language.ts'
import { PageHeading } from '../../page-heading.tsx'
import { ProblemNotice } from '../../problem-notice.tsx'
import { useQuery } from '../../query.ts'
import { place } from '../../router.tsx'
import { Section } from '../../section.tsx'
import { TextBlock } from '../../text-block.tsx'
import { EventDeliveries } from './deliveries.tsx'
import { EventFacts } from './facts.tsx'
import { FindEvent } from './find-event.tsx'

const texts = defineTexts({
  nb: { title: 'Hendelse', content: 'Innhold' },
  en: { title: 'Event', content: 'Content' },
})

/** What became of an event, for the owner of its resource: found by resource and id. */
export function Page() {
  const { title } = texts.use()
  const { query } = place.use()
  const resource = query.get('resource') ?? ''
  const id = query.get('id') ?? ''
  return (
    <>
      <Breadcrumbs />
      <PageHeading title={title} />
      <FindEvent key={`${resource} ${id}`} resource={resource} id={id} />
      {resource !== '' && id !== '' && <Found address={eventAddress(resource, id)} />}
    </>
  )
}

const EVERY_MS = 3000

function Found({ address }: { address: string }) {
  const { content } = texts.use()
  const { data, problem } = useQuery(address, (signal) => read<EventStatus>(address, signal), {
    everyMs: EVERY_MS,
  })
  return (
    <>
      <ProblemNotice problem={problem} />
      {data !== undefined && (
        <>
          <EventFacts status={data} />
          <EventDeliveries event={data.event.id} deliveries={data.deliveries} />
          <Section id="content" title={content}>
            <TextBlock text={JSON.stringify(data.event, undefined, 2)} what={content} />
          </Section>
        </>
      )}
    </>
  )
}
