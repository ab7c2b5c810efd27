import { defineTexts } from './language.ts'
import { Link } from './router.tsx'

const texts = defineTexts({
  nb: {
    where: 'Hvor du er',
    overview: 'Oversikt',
    subscription: (id: string) => `Abonnement ${id}`,
  },
  en: {
    where: 'Where you are',
    overview: 'Overview',
    subscription: (id: string) => `Subscription ${id}`,
  },
})

/** The way to the page: the overview, and the subscription that it belongs to. */
export function Breadcrumbs({ subscription }: { subscription?: string }) {
  const names = texts.use()
  return (
    <nav class="ds-breadcrumbs" aria-label={names.where}>
      <ol>
        <li>
          <Link to="">{names.overview}</Link>
        </li>
        {subscription !== undefined && (
          <li>
            <Link to={`subscriptions/${subscription}`}>{names.subscription(subscription)}</Link>
          </li>
        )}
      </ol>
    </nav>
  )
}
