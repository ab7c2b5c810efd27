import { useEffect, useState } from 'preact/hooks'
import { useAction } from '../../action.ts'
import { send } from '../../api.ts'
import { Breadcrumbs } from '../../breadcrumbs.tsx'
import { Button } from '../../button.tsx'
import { defineTexts } from '../../language.ts'
import { PageHeading } from '../../page-heading.tsx'
import { ProblemNotice } from '../../problem-notice.tsx'
import { session, waitForSignIn } from '../../session.ts'
import { Created, type NewSubscription } from './created.tsx'
import { draft, emptyDraft, requestOf } from './draft.ts'
import { faultsOfSubscription } from './faults.ts'
import { Fields } from './fields.tsx'
import { Matches, usePreview } from './matches.tsx'

const texts = defineTexts({
  nb: { title: 'Nytt abonnement', submit: 'Abonner' },
  en: { title: 'New subscription', submit: 'Subscribe' },
})

/** Subscribes an endpoint: what each filter means, what is wrong with it, and which events it would have matched. */
export function Page() {
  const [made, setMade] = useState<NewSubscription>()
  return (
    <>
      <Breadcrumbs />
      {made === undefined ? (
        <Form onMade={setMade} />
      ) : (
        <Created made={made} onAnother={() => setMade(undefined)} />
      )}
    </>
  )
}

function Form({ onMade }: { onMade: (made: NewSubscription) => void }) {
  const names = texts.use()
  const body = requestOf(draft.use())
  const preview = usePreview(body)
  const { submit, isRunning, problem } = useSubmit(body, onMade)
  const current = problem ?? preview.problem
  const faults = faultsOfSubscription(current)
  useSignIn()
  const isBeside = Object.keys(faults.beside).length > 0
  useEffect(() => {
    const first = problem && document.querySelector<HTMLElement>('form .ds-field [aria-invalid]')
    first?.focus()
  }, [problem])
  return (
    <>
      <PageHeading title={names.title} />
      <form class="beside" noValidate onSubmit={submit}>
        <div class="groups">
          <Fields faults={faults} />
        </div>
        <Matches preview={preview} />
        <div class="groups">
          {(!isBeside || faults.isElsewhere) && <ProblemNotice problem={current} />}
          <Button type="submit" kind="primary" size="md" isRunning={isRunning}>
            {names.submit}
          </Button>
        </div>
      </form>
    </>
  )
}

/** Asks for a token before anything is typed: the preview and the creation need one, and take no cookie. */
function useSignIn(): void {
  useEffect(() => {
    const end = new AbortController()
    if (session.get() === undefined) waitForSignIn('change', end.signal).catch(() => {}) // left before signing in
    return () => end.abort()
  }, [])
}

/** Creates what is asked for. What the API refused is told until something is changed. */
function useSubmit(body: object, onMade: (made: NewSubscription) => void) {
  const asked = JSON.stringify(body)
  const [sent, setSent] = useState<string>()
  const { run, isRunning, problem } = useAction(async () => {
    setSent(asked)
    onMade(await send<NewSubscription>('POST', 'subscriptions', body))
    draft.set(emptyDraft)
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    run()
  }
  return { submit, isRunning, problem: sent === asked ? problem : undefined }
}
