import { useState } from 'preact/hooks'
import { Field } from '../field.tsx'
import { defineTexts } from '../language.ts'
import { claimsOf, signIn } from '../session.ts'

const texts = defineTexts({
  nb: {
    alternative: 'Lim inn et token i stedet',
    label: 'Altinn-token',
    hint: 'Det blir bare i minnet på denne siden, og er borte når den lukkes.',
    submit: 'Logg inn med token',
    wrong: 'Dette er ikke et token. Det har tre deler med punktum mellom.',
  },
  en: {
    alternative: 'Paste a token instead',
    label: 'Altinn token',
    hint: 'It stays in the memory of this page, and is gone when the page is closed.',
    submit: 'Sign in with the token',
    wrong: 'This is no token. A token has three parts with full stops between them.',
  },
})

/** Takes a token from the clipboard, with or without `Bearer`. */
export function PasteToken({ isAlternative }: { isAlternative: boolean }) {
  const { alternative } = texts.use()
  if (!isAlternative) return <PasteForm />
  return (
    <details class="ds-details" data-color="neutral">
      <summary>{alternative}</summary>
      <div>
        <PasteForm />
      </div>
    </details>
  )
}

function PasteForm() {
  const { label, hint, submit, wrong } = texts.use()
  const [token, setToken] = useState('')
  const [isWrong, setWrong] = useState(false)
  const use = (event: SubmitEvent) => {
    event.preventDefault()
    const given = token.trim().replace(/^Bearer\s+/i, '')
    if (Object.keys(claimsOf(given)).length === 0) setWrong(true)
    else signIn(given)
  }
  return (
    <form class="stack" onSubmit={use}>
      <Field label={label} description={hint} fault={isWrong ? wrong : undefined} id="token">
        <textarea
          class="ds-input"
          id="token"
          rows={4}
          required
          spellcheck={false}
          autocomplete="off"
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
      </Field>
      <button class="ds-button" type="submit">
        {submit}
      </button>
    </form>
  )
}
