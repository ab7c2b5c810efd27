import type { HTMLAttributes } from 'preact'

// Designsystemet's field: it links an input with its label, its description and what is wrong with it.
declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      'ds-field': HTMLAttributes<HTMLElement>
    }
  }
}
