import type { Faults } from '../../faults.ts'
import { Field } from '../../field.tsx'
import { defineTexts } from '../../language.ts'
import type { Choice, Only } from './choice.ts'

const texts = defineTexts({
  nb: {
    legend: 'Hva skal sendes på nytt?',
    dead: 'Det som er oppgitt',
    deadHint: 'Leveringer som tjenesten har gitt opp etter siste forsøk.',
    missing: 'Det som mangler',
    missingHint: 'Hendelser som passer, men aldri ble levert, også fra før abonnementet.',
    all: 'Alt',
    allHint: 'Alle hendelser som passer. Det som er levert, kommer en gang til.',
    from: 'Fra',
    fromHint: 'Mottatt fra og med.',
    to: 'Til',
    toHint: 'Mottatt før. Tomt betyr nå.',
  },
  en: {
    legend: 'What is to be sent again?',
    dead: 'What is dead',
    deadHint: 'Deliveries that the service has given up after the last attempt.',
    missing: 'What is missing',
    missingHint: 'Events that match but never had a delivery, from before the subscription too.',
    all: 'Everything',
    allHint: 'All events that match. What was delivered comes once more.',
    from: 'From',
    fromHint: 'Accepted from then on.',
    to: 'To',
    toHint: 'Accepted before. Empty means now.',
  },
})

interface FieldsProps {
  choice: Choice
  faults: Faults<keyof Choice>
  onChange: (choice: Choice) => void
}

/** What to send again, and of which time. */
export function Fields({ choice, faults, onChange }: FieldsProps) {
  const names = texts.use()
  const kinds: [Only, string, string][] = [
    ['dead', names.dead, names.deadHint],
    ['missing', names.missing, names.missingHint],
    ['all', names.all, names.allHint],
  ]
  const times = [
    ['from', names.from, names.fromHint],
    ['to', names.to, names.toHint],
  ] as const
  return (
    <>
      <fieldset class="ds-fieldset">
        <legend class="ds-label">{names.legend}</legend>
        {kinds.map(([only, label, hint]) => (
          <Field key={only} label={label} description={hint} id={`only-${only}`}>
            <input
              class="ds-input"
              type="radio"
              name="only"
              id={`only-${only}`}
              checked={choice.only === only}
              onChange={() => onChange({ ...choice, only })}
            />
          </Field>
        ))}
      </fieldset>
      <div class="times">
        {times.map(([member, label, hint]) => (
          <Field
            key={member}
            label={label}
            description={hint}
            fault={faults.beside[member]}
            id={`replay-${member}`}
          >
            <input
              class="ds-input"
              type="datetime-local"
              id={`replay-${member}`}
              max="9999-12-31T23:59" // without one, a year has six digits
              value={choice[member]}
              onInput={({ currentTarget: { value } }) => onChange({ ...choice, [member]: value })}
            />
          </Field>
        ))}
      </div>
    </>
  )
}
