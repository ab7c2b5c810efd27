import { defineTexts, language } from './language.ts'
import { Link, place } from './router.tsx'
import { SessionMenu } from './sign-in/session-menu.tsx'
import { theme } from './theme.ts'

const texts = defineTexts({
  nb: {
    menu: 'Sider',
    overview: 'Oversikt',
    subscribe: 'Nytt abonnement',
    event: 'Finn en hendelse',
    light: 'Lyst',
    dark: 'Mørkt',
    auto: 'Som systemet',
    theme: 'Utseende',
    language: 'Språk',
  },
  en: {
    menu: 'Pages',
    overview: 'Overview',
    subscribe: 'New subscription',
    event: 'Find an event',
    light: 'Light',
    dark: 'Dark',
    auto: 'As the system',
    theme: 'Theme',
    language: 'Language',
  },
})

/** The pages that can be gone to from everywhere. */
const menu = [
  { path: '', name: 'overview' },
  { path: 'subscribe', name: 'subscribe' },
  { path: 'event', name: 'event' },
] as const

export function Header() {
  const names = texts.use()
  const { path } = place.use()
  return (
    <header class="frame">
      <div class="frame-row">
        <Link to="" class="brand">
          App Events
        </Link>
        <nav aria-label={names.menu}>
          <ul>
            {menu.map((item) => (
              <li key={item.path}>
                <Link to={item.path} current={path === item.path}>
                  {names[item.name]}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <SessionMenu />
      </div>
    </header>
  )
}

export function Footer() {
  const names = texts.use()
  return (
    <footer class="frame">
      <div class="frame-row">
        <label>
          <span>{names.language}</span>
          <select
            class="ds-input"
            data-size="sm"
            value={language.use()}
            onChange={({ currentTarget: { value } }) => language.set(value === 'en' ? 'en' : 'nb')}
          >
            <option value="nb" lang="nb">
              Norsk (bokmål)
            </option>
            <option value="en" lang="en">
              English
            </option>
          </select>
        </label>
        <label>
          <span>{names.theme}</span>
          <select
            class="ds-input"
            data-size="sm"
            value={theme.use()}
            onChange={({ currentTarget: { value } }) =>
              theme.set(value === 'light' || value === 'dark' ? value : 'auto')
            }
          >
            <option value="auto">{names.auto}</option>
            <option value="light">{names.light}</option>
            <option value="dark">{names.dark}</option>
          </select>
        </label>
      </div>
    </footer>
  )
}
