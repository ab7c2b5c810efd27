import { useState } from 'preact/hooks'
import { Button } from '../../button.tsx'
import { eventPage } from '../../events/event.ts'
import { Field } from '../../field.tsx'
import { defineTexts } from '../../language.ts'
import { navigate } from '../../router.tsx'

const texts = defineTexts({
  nb: { resource: 'Ressurs', id: 'Hendelsens id', find: 'Finn' },
  en: { resource: 'Resource', id: 'The event’s id', find: 'Find' },
})

/** Asks for the resource and the id of an event, and goes to its address. */
export function FindEvent({ resource, id }: { resource: string; id: string }) {
  const names = texts.use()
  const [wanted, setWanted] = useState({ resource, id })
  const find = (event: SubmitEvent) => {
    event.preventDefault()
    navigate(eventPage(wanted.resource.trim(), wanted.id.trim()))
  }
  return (
    <form class="line-form" onSubmit={find}>
      {(['resource', 'id'] as const).map((member) => (
        <Field key={member} label={names[member]} id={`find-${member}`}>
          <input
            class="ds-input"
            id={`find-${member}`}
            required
            autocomplete="off"
            spellcheck={false}
            value={wanted[member]}
            onInput={({ currentTarget: { value } }) => setWanted({ ...wanted, [member]: value })}
          />
        </Field>
      ))}
      <Button type="submit" size="md">
        {names.find}
      </Button>
    </form>
  )
}
