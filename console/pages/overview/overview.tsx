import { defineTexts } from '../../language.ts'
import { PageHeading } from '../../page-heading.tsx'
import { session } from '../../session.ts'
import { OwnApps } from './own-apps.tsx'
import { OwnSubscriptions } from './own-subscriptions.tsx'

const texts = defineTexts({
  nb: { title: 'Oversikt' },
  en: { title: 'Overview' },
})

/** What whoever is signed in has: subscriptions, and apps with their newest events. */
export function Page() {
  const { title } = texts.use()
  const isOrg = session.use()?.who.kind === 'org'
  return (
    <>
      <PageHeading title={title} />
      <OwnSubscriptions />
      {isOrg && <OwnApps />}
    </>
  )
}
