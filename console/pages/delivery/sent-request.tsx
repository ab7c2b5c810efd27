import type { Delivery } from '../../deliveries/delivery.ts'
import { defineTexts } from '../../language.ts'
import { Section } from '../../section.tsx'
import { TextBlock } from '../../text-block.tsx'

const texts = defineTexts({
  nb: {
    title: 'Forespørselen',
    about: 'Det siste forsøket, signert med hemmeligheten som gjelder nå.',
    headers: 'Hoder',
    body: 'Innhold',
  },
  en: {
    title: 'The request',
    about: 'The last attempt, signed with the secret of now.',
    headers: 'Headers',
    body: 'Body',
  },
})

/** What the endpoint was sent. */
export function SentRequest({ request }: { request: NonNullable<Delivery['request']> }) {
  const names = texts.use()
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`)
  return (
    <Section id="request" title={names.title}>
      <p class="ds-paragraph">{names.about}</p>
      <TextBlock text={[`POST ${request.endPoint}`, ...headers].join('\n')} what={names.headers} />
      <TextBlock text={request.body} what={names.body} />
    </Section>
  )
}
