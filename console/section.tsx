import type { ComponentChildren } from 'preact'

interface SectionProps {
  id: string
  title: string
  /** What stands beside the heading. */
  actions?: ComponentChildren
  children: ComponentChildren
}

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
