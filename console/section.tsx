import type { ComponentChildren } from 'preact'

interface SectionProps {
  id: string
  title: string
  /** What stands beside the heading. */
  actions?: ComponentChildren
  children: ComponentChildren
}

/** Gives the focus to the heading of a section, where what had it is gone. */
export const focusSection = (id: string): void =>
  document.querySelector<HTMLElement>(`#${id}`)?.focus()

/** A part of a page, with its heading. */
export function Section({ id, title, actions, children }: SectionProps) {
  return (
    <section aria-labelledby={id} class="section">
      <div class="section-heading">
        <h2 class="ds-heading" data-size="sm" id={id} tabIndex={-1}>
          {title}
        </h2>
        {actions}
      </div>
      {children}
    </section>
  )
}
