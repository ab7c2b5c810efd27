import { useState } from 'preact/hooks'
import { Field } from '../field.tsx'
import { defineTexts } from '../language.ts'
import { signIn } from '../session.ts'
import { localTokens, type LocalCaller } from './local-tokens.ts'

const texts = defineTexts({
  nb: {
    legend: 'Hvem vil du være?',
    hint: 'Den lokale stakken lager et token som gjelder i en time.',
    org: 'Tjenesteeier',
    person: 'Person',
    unit: 'Organisasjon',
    'system-user': 'Systembruker',
    orgLabel: 'Kortnavn',
    personLabel: 'Fødselsnummer (syntetisk)',
    numberLabel: 'Organisasjonsnummer',
    submit: 'Logg inn',
    failed: 'Den lokale stakken ga ikke noe token.',
  },
  en: {
    legend: 'Who do you want to be?',
    hint: 'The local stack makes a token that is valid for an hour.',
    org: 'App owner',
    person: 'Person',
    unit: 'Organisation',
    'system-user': 'System user',
    orgLabel: 'Short name',
    personLabel: 'National identity number (synthetic)',
    numberLabel: 'Organisation number',
    submit: 'Sign in',
    failed: 'The local stack made no token.',
  },
})

/** Those that the examples of the local stack are about. */
const examples: Record<LocalCaller, string> = {
  org: 'ttd',
  person: '01017512345',
  unit: '991825827',
  'system-user': '991825827',
}
const kinds: LocalCaller[] = ['org', 'person', 'unit', 'system-user']

export function LocalChooser() {
  const names = texts.use()
  const [kind, setKind] = useState<LocalCaller>('org')
  const [value, setValue] = useState(examples.org)
  const [isFailed, setFailed] = useState(false)
  const labels = {
    org: names.orgLabel,
    person: names.personLabel,
    unit: names.numberLabel,
    'system-user': names.numberLabel,
  }
  const choose = (chosen: LocalCaller) => {
    setKind(chosen)
    setValue(examples[chosen])
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const scope = 'altinn:serviceowner altinn:events.publish altinn:events.subscribe'
    localTokens({ [kind]: value.trim(), scope }).then(
      ({ token }) => signIn(token),
      () => setFailed(true),
    )
  }
  return (
    <form class="stack" onSubmit={submit}>
      <fieldset class="ds-fieldset">
        <legend class="ds-label">{names.legend}</legend>
        <p class="ds-paragraph">{names.hint}</p>
        {kinds.map((each) => (
          <ds-field class="ds-field" key={each}>
            <input
              class="ds-input"
              type="radio"
              name="caller"
              id={`caller-${each}`}
              checked={each === kind}
              onChange={() => choose(each)}
            />
            <label class="ds-label" data-weight="regular" for={`caller-${each}`}>
              {names[each]}
            </label>
          </ds-field>
        ))}
      </fieldset>
      <Field label={labels[kind]} id="caller-value" fault={isFailed ? names.failed : undefined}>
        <input
          class="ds-input"
          id="caller-value"
          value={value}
          required
          autocomplete="off"
          onInput={({ currentTarget }) => setValue(currentTarget.value)}
        />
      </Field>
      <button class="ds-button" type="submit">
        {names.submit}
      </button>
    </form>
  )
}
