import type { ComponentChildren } from 'preact'

interface ButtonProps {
  onClick?: () => void
  /** Whether what it began is under way. */
  isRunning?: boolean
  /** Whether there is nothing that it could do now. */
  isIdle?: boolean
  kind?: 'primary' | 'secondary' | 'tertiary'
  type?: 'button' | 'submit'
  size?: 'sm' | 'md'
  children: ComponentChildren
}

/** A button. While its work is under way, or there is none, it stays where the focus is and does nothing. */
export function Button({
  onClick,
  isRunning = false,
  isIdle = false,
  kind = 'secondary',
  type = 'button',
  size = 'sm',
  children,
}: ButtonProps) {
  return (
    <button
      class="ds-button"
      data-variant={kind}
      data-size={size}
      type={type}
      aria-busy={isRunning}
      aria-disabled={isRunning || isIdle}
      onClick={() => !isRunning && !isIdle && onClick?.()}
    >
      {children}
    </button>
  )
}
