import { Footer, Header } from './frame.tsx'
import { ConnectionNotice } from './connection-notice.tsx'
import { CurrentPage } from './current-page.tsx'
import { defineTexts, language } from './language.ts'
import { signInReason } from './session.ts'
import { SignIn } from './sign-in/sign-in.tsx'
import { theme } from './theme.ts'

const texts = defineTexts({
  nb: { skip: 'Hopp til innholdet' },
  en: { skip: 'Skip to the content' },
})

/** The frame around every page. While someone signs in, the page stays as it is, out of sight. */
export function App() {
  const { skip } = texts.use()
  const reason = signInReason.use()
  document.documentElement.lang = language.use()
  document.documentElement.dataset['colorScheme'] = theme.use()
  return (
    <>
      <a class="ds-skip-link" href="#main">
        {skip}
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <ConnectionNotice />
        {reason !== undefined && <SignIn reason={reason} />}
        <div hidden={reason !== undefined}>
          <CurrentPage />
        </div>
      </main>
      <Footer />
    </>
  )
}
