import { useState } from 'preact/hooks'
import { defineTexts } from './language.ts'

const texts = defineTexts({
  nb: { copy: 'Kopier', copied: 'Kopiert', failed: 'Nettleseren kopierte ikke' },
  en: { copy: 'Copy', copied: 'Copied', failed: 'The browser did not copy' },
})

/** Copies a text; `what` names it for who does not see what the button stands beside. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const names = texts.use()
  const [state, setState] = useState<'copied' | 'failed'>()
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    )
  return (
    <button
      class="ds-button"
      data-variant="secondary"
      data-size="sm"
      type="button"
      aria-label={`${names.copy} ${what}`}
      onClick={() => void copy()}
    >
      <span role="status">{state === undefined ? names.copy : names[state]}</span>
    </button>
  )
}
