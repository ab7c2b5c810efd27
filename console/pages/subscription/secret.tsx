import { useState } from 'preact/hooks'
import { useAction } from '../../action.ts'
import { send } from '../../api.ts'
import { Button } from '../../button.tsx'
import { CopyButton } from '../../copy-button.tsx'
import { defineTexts } from '../../language.ts'
import { ProblemNotice } from '../../problem-notice.tsx'
import { Section } from '../../section.tsx'

const texts = defineTexts({
  nb: {
    title: 'Hemmelighet',
    body: 'Webhookene er signert med en hemmelighet. I 24 timer etter en ny er de signert med den gamle også.',
    rotate: 'Lag en ny hemmelighet',
    once: 'Dette er den nye hemmeligheten. Den vises bare nå:',
    what: 'hemmeligheten',
  },
  en: {
    title: 'Secret',
    body: 'The webhooks are signed with a secret. For 24 hours after a new one they are signed with the old one too.',
    rotate: 'Make a new secret',
    once: 'This is the new secret. It is shown only now:',
    what: 'the secret',
  },
})

/** Makes a new signing secret, which is shown this once. */
export function Secret({ id }: { id: number }) {
  const names = texts.use()
  const [secret, setSecret] = useState<string>()
  const { run, isRunning, problem } = useAction(async () => {
    const answer = await send<{ secret: string }>('POST', `subscriptions/${id}/secret`)
    setSecret(answer.secret)
  })
  return (
    <Section id="secret" title={names.title}>
      <p class="ds-paragraph">{names.body}</p>
      <ProblemNotice problem={problem} />
      <div role="status">
        {secret !== undefined && (
          <div class="ds-alert" data-color="success">
            <p class="ds-paragraph">{names.once}</p>
            <p class="row">
              <code>{secret}</code>
              <CopyButton text={secret} what={names.what} />
            </p>
          </div>
        )}
      </div>
      <Button onClick={run} isRunning={isRunning}>
        {names.rotate}
      </Button>
    </Section>
  )
}
