import type { ComponentChildren } from 'preact'
import type { Faults } from '../../faults.ts'
import { Field } from '../../field.tsx'
import { draft, type Draft, type Member } from './draft.ts'

type MemberOf<T> = { [M in keyof Draft]: Draft[M] extends T ? M : never }[keyof Draft]

interface InputProps<T> {
  member: MemberOf<T>
  label: string
  hint: string
  faults: Faults<Member>
}

/** A text of the draft. */
export function TextInput({
  member,
  suggestions = [],
  ...field
}: InputProps<string> & { suggestions?: string[] }) {
  const filled = draft.use()
  const id = `subscribe-${member}`
  return (
    <Labelled id={id} member={member} {...field}>
      <input
        class="ds-input"
        id={id}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={filled[member]}
        list={suggestions.length > 0 ? `${id}-list` : undefined}
        onInput={({ currentTarget: { value } }) => draft.set({ ...draft.get(), [member]: value })}
      />
      <Suggestions id={`${id}-list`} values={suggestions} />
    </Labelled>
  )
}

function Suggestions({ id, values }: { id: string; values: string[] }) {
  if (values.length === 0) return null
  return (
    <datalist id={id}>
      {values.map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  )
}

/** A yes or no of the draft. */
export function Checkbox({ member, ...field }: InputProps<boolean>) {
  const filled = draft.use()
  const id = `subscribe-${member}`
  return (
    <Labelled id={id} member={member} {...field}>
      <input
        class="ds-input"
        type="checkbox"
        id={id}
        checked={filled[member]}
        onChange={({ currentTarget: { checked } }) =>
          draft.set({ ...draft.get(), [member]: checked })
        }
      />
    </Labelled>
  )
}

interface LabelledProps extends Omit<InputProps<unknown>, 'member'> {
  member: keyof Draft
  id: string
  children: ComponentChildren
}

const Labelled = ({ member, label, hint, faults, id, children }: LabelledProps) => (
  <Field label={label} description={hint} fault={faults.beside[member]} id={id}>
    {children}
  </Field>
)

/** Fields that belong together. */
export function Group({
  legend,
  hint,
  children,
}: {
  legend: string
  hint?: string
  children: ComponentChildren
}) {
  return (
    <fieldset class="ds-fieldset">
      <legend class="ds-heading" data-size="xs">
        {legend}
      </legend>
      {hint !== undefined && <p class="ds-paragraph">{hint}</p>}
      {children}
    </fieldset>
  )
}
