import { useEffect, useState } from 'preact/hooks'
import { Button } from '../../button.tsx'
import type { Delivery } from '../../deliveries/delivery.ts'
import { verifySignature, type SignedMessage } from '../../deliveries/verify-signature.ts'
import { Field } from '../../field.tsx'
import { defineTexts } from '../../language.ts'
import { Section } from '../../section.tsx'

const texts = defineTexts({
  nb: {
    title: 'Sjekk en signatur',
    about:
      'Lim inn det endepunktet ditt fikk. Det blir regnet ut her i nettleseren; ingenting sendes.',
    secret: 'Hemmelighet',
    id: 'webhook-id',
    timestamp: 'webhook-timestamp',
    signature: 'webhook-signature',
    body: 'Innholdet, tegn for tegn',
    submit: 'Sjekk signaturen',
    verified: 'Signaturen stemmer.',
    different: 'Signaturen stemmer ikke med disse verdiene.',
    'wrong secret': 'Dette er ikke en hemmelighet. Den begynner med whsec_.',
  },
  en: {
    title: 'Verify a signature',
    about: 'Paste what your endpoint got. It is computed here in the browser; nothing is sent.',
    secret: 'Secret',
    id: 'webhook-id',
    timestamp: 'webhook-timestamp',
    signature: 'webhook-signature',
    body: 'The body, to the letter',
    submit: 'Verify the signature',
    verified: 'The signature is right.',
    different: 'The signature is not that of these values.',
    'wrong secret': 'This is no secret. A secret begins with whsec_.',
  },
})

type Verdict = Awaited<ReturnType<typeof verifySignature>>
const lines = ['id', 'timestamp', 'signature'] as const

/** Tells whether a signature is right. It begins with the request that was sent, and anew with every attempt. */
export function VerifySignature({ request }: { request: Delivery['request'] | undefined }) {
  const names = texts.use()
  const [message, setMessage] = useState(() => messageOf(request))
  const [secret, setSecret] = useState('')
  const [verdict, setVerdict] = useState<Verdict>()
  const timestamp = request?.headers['webhook-timestamp']
  useEffect(() => setMessage(messageOf(request)), [timestamp]) // of a new attempt; the secret stays
  useEffect(() => setVerdict(undefined), [message, secret])
  const change = (member: keyof SignedMessage) => (event: { currentTarget: { value: string } }) =>
    setMessage({ ...message, [member]: event.currentTarget.value })
  const verify = (event: SubmitEvent) => {
    event.preventDefault()
    void verifySignature(message, secret).then(setVerdict)
  }
  return (
    <Section id="verify" title={names.title}>
      <p class="ds-paragraph">{names.about}</p>
      <form class="stack" onSubmit={verify}>
        <Field
          label={names.secret}
          id="secret"
          fault={verdict === 'wrong secret' ? names[verdict] : undefined}
        >
          <input
            class="ds-input"
            id="secret"
            required
            autocomplete="off"
            spellcheck={false}
            value={secret}
            onInput={({ currentTarget }) => setSecret(currentTarget.value)}
          />
        </Field>
        {lines.map((member) => (
          <Field key={member} label={names[member]} id={member}>
            <input
              class="ds-input"
              id={member}
              required
              autocomplete="off"
              spellcheck={false}
              value={message[member]}
              onInput={change(member)}
            />
          </Field>
        ))}
        <Field label={names.body} id="body">
          <textarea
            class="ds-input"
            id="body"
            rows={4}
            spellcheck={false}
            value={message.body}
            onInput={change('body')}
          />
        </Field>
        <Button type="submit">{names.submit}</Button>
        <div role="status">
          {(verdict === 'verified' || verdict === 'different') && (
            <div class="ds-alert" data-color={verdict === 'verified' ? 'success' : 'warning'}>
              {names[verdict]}
            </div>
          )}
        </div>
      </form>
    </Section>
  )
}

function messageOf(request: Delivery['request']): SignedMessage {
  const { headers = {}, body = '' } = request ?? {}
  return {
    id: headers['webhook-id'] ?? '',
    timestamp: headers['webhook-timestamp'] ?? '',
    signature: headers['webhook-signature'] ?? '',
    body,
  }
}
