import { useEffect, useState } from 'preact/hooks'
import { pathTo, statusOfFile } from './api.ts'
import { defineTexts } from './language.ts'
import { PageHeading } from './page-heading.tsx'
import { Link, matchRoute, place } from './router.tsx'
import { routes, type PageComponent, type PageModule, type Route } from './routes.ts'

const texts = defineTexts({
  nb: {
    title: 'Siden finnes ikke',
    body: 'Adressen fører ikke til noen side i konsollen.',
    home: 'Til oversikten',
    failed: 'Siden kunne ikke lastes. Last den inn på nytt.',
  },
  en: {
    title: 'No such page',
    body: 'The address leads to no page of the console.',
    home: 'To the overview',
    failed: 'The page could not be loaded. Reload it.',
  },
})

const loaded = new Map<string, PageComponent>()

/** The page of the address. */
export function CurrentPage() {
  const { failed } = texts.use()
  const { path } = place.use()
  const route = routes.find((each) => matchRoute(each.path, path) !== undefined)
  const state = useLoaded(route)
  if (route === undefined) return <MissingPage />
  if (state === 'failed') return <p class="ds-alert">{failed}</p>
  const Page = loaded.get(route.path)
  return Page === undefined ? null : <Page key={path} params={matchRoute(route.path, path) ?? {}} />
}

/** Loads the page's script, and has the caller rendered again when it is there. */
function useLoaded(route: Route | undefined): 'loading' | 'loaded' | 'failed' {
  const [state, setState] = useState<{ path?: string; is: 'loaded' | 'failed' }>()
  useEffect(() => {
    if (route === undefined) return undefined
    const { path, load } = route
    const end = new AbortController()
    const show = (is: 'loaded' | 'failed') => !end.signal.aborted && setState({ path, is })
    load()
      .catch((error: unknown) => loadAgain(error, end.signal))
      .then(
        ({ Page }) => {
          loaded.set(path, Page)
          show('loaded')
        },
        () => show('failed'),
      )
    return () => end.abort()
  }, [route])
  return state !== undefined && state.path === route?.path ? state.is : 'loading'
}

/**
 * Loads a script that failed, once the service has it. Rejects where it has it no more, as after a deployment, and where the
 * browser does not say which it was. The address is another: most browsers keep a failure (whatwg/html#6768).
 */
async function loadAgain(error: unknown, signal: AbortSignal): Promise<PageModule> {
  const [address] = /https?:\/\/\S+\.js/.exec(String(error)) ?? []
  if (address === undefined || (await statusOfFile(pathTo(address), signal)) !== 200) throw error
  return import(`${address}?again`)
}

function MissingPage() {
  const { title, body, home } = texts.use()
  return (
    <>
      <PageHeading title={title} />
      <p class="ds-paragraph">{body}</p>
      <Link to="">{home}</Link>
    </>
  )
}
