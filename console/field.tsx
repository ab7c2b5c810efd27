import type { ComponentChildren } from 'preact'

interface FieldProps {
  label: string
  description?: ComponentChildren
  /** What is wrong with the value, beside the field. */
  fault?: ComponentChildren
  /** The input, which must have this id. */
  id: string
  children: ComponentChildren
}

/** A labelled input with its description and what is wrong with it, linked for screen readers by Designsystemet's element. */
export function Field({ label, description, fault, id, children }: FieldProps) {
  return (
    <ds-field class="ds-field">
      <label class="ds-label" for={id}>
        {label}
      </label>
      {description !== undefined && <p data-field="description">{description}</p>}
      {children}
      {fault !== undefined && (
        <p class="ds-validation-message" data-field="validation" data-color="danger">
          {fault}
        </p>
      )}
    </ds-field>
  )
}
