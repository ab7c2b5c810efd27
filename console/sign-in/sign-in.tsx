import { useEffect, useRef, useState } from 'preact/hooks'
import { defineTexts } from '../language.ts'
import { focusHeading } from '../page-heading.tsx'
import type { SignInReason } from '../session.ts'
import { LocalChooser } from './local-chooser.tsx'
import { findLocalStack } from './local-tokens.ts'
import { PasteToken } from './paste-token.tsx'

const texts = defineTexts<{ title: string } & Record<SignInReason, string>>({
  nb: {
    title: 'Logg inn',
    start: 'Konsollen viser det som et Altinn-token gir rett til å se.',
    refused:
      'Tokenet er utløpt eller blir ikke godtatt. Logg inn igjen for å fortsette der du var.',
    change: 'Å lese går med Altinns informasjonskapsel; å endre noe trenger et token.',
    asked: 'Velg hvem du vil være.',
  },
  en: {
    title: 'Sign in',
    start: 'The console shows what an Altinn token gives the right to see.',
    refused: 'The token has expired or is not accepted. Sign in again to go on where you were.',
    change: 'Altinn’s cookie is enough for reading; to change something takes a token.',
    asked: 'Choose who you want to be.',
  },
})

/** Gets a token: from the local stack by a choice, everywhere else by pasting it. */
export function SignIn({ reason }: { reason: SignInReason }) {
  const { title, ...reasons } = texts.use()
  useFocusReturn()
  const heading = useRef<HTMLHeadingElement>(null)
  const [isLocal, setIsLocal] = useState<boolean>()
  useEffect(() => {
    heading.current?.focus()
    void findLocalStack().then((stack) => setIsLocal(stack !== undefined))
  }, [])
  return (
    <section class="sign-in" aria-labelledby="sign-in">
      <h1 class="ds-heading" data-size="lg" id="sign-in" tabIndex={-1} ref={heading}>
        {title}
      </h1>
      <p class="ds-paragraph">{reasons[reason]}</p>
      {isLocal === true && <LocalChooser />}
      {isLocal !== undefined && <PasteToken isAlternative={isLocal} />}
    </section>
  )
}

/** Gives the focus back once the panel is gone: to what had it before, or to the page's heading. */
function useFocusReturn(): void {
  const [before] = useState(() => document.activeElement)
  useEffect(() => () => queueMicrotask(() => returnFocus(before)), []) // by then the page is in sight
}

function returnFocus(before: Element | null): void {
  if (before instanceof HTMLElement) before.focus()
  if (document.activeElement === document.body) focusHeading()
}
