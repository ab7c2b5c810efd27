import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

let isFirstPage = true

/** Gives the focus to the heading of the page, where what had it is gone. */
export const focusHeading = (): void =>
  document.querySelector<HTMLElement>('.page-heading h1')?.focus({ preventScroll: true })

interface PageHeadingProps {
  title: string
  /** What stands beside it, as a state. */
  children?: ComponentChildren
}

/** The heading of a page and the title of its tab. It takes the focus, so that a screen reader says where one has come to. */
export function PageHeading({ title, children }: PageHeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} – App Events`
  }, [title])
  useEffect(() => {
    if (!isFirstPage) heading.current?.focus({ preventScroll: true })
    isFirstPage = false
  }, [])
  return (
    <div class="page-heading">
      <h1 class="ds-heading" data-size="lg" tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {children}
    </div>
  )
}
