import type { ComponentChildren } from 'preact'
import { createState } from './state.ts'

/** Where the console is: everything before it is the API. */
const [api = ''] = location.pathname.split('/console')
export const apiRoot = api
const root = `${api}/console`

/** The address of the page within the console: `subscriptions/17`, and the query. */
interface Place {
  path: string
  query: URLSearchParams
}

const here = (): Place => ({
  path: location.pathname.slice(root.length).replaceAll(/^\/+|\/+$/g, ''),
  query: new URLSearchParams(location.search),
})

export const place = createState(here())
addEventListener('popstate', () => place.set(here()))

/** Goes to another page of the console. */
export function navigate(path: string): void {
  history.pushState(undefined, '', `${root}/${path}`)
  scrollTo(0, 0)
  place.set(here())
}

/** Changes the page's own query, which makes an address for what is seen. A step is one that Back undoes. */
export function setQuery(
  changes: Record<string, string | undefined>,
  { isStep = false }: { isStep?: boolean } = {},
): void {
  const query = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(changes))
    if (value === undefined || value === '') query.delete(name)
    else query.set(name, value)
  const text = query.toString()
  const address = `${location.pathname}${text === '' ? '' : `?${text}`}`
  if (isStep) history.pushState(undefined, '', address)
  else history.replaceState(undefined, '', address)
  place.set(here())
}

/** Returns the parameters of a path that a route `subscriptions/{id}` matches, otherwise undefined. */
export function matchRoute(route: string, path: string): Record<string, string> | undefined {
  const wanted = route.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = decoded(given[index] ?? '')
    if (part.startsWith('{')) params[part.slice(1, -1)] = value
    else if (part !== value) return undefined
  }
  return params
}

/** Returns the text; one that is no encoding as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

interface LinkProps {
  to: string
  class?: string
  current?: boolean
  children: ComponentChildren
}

/** A link to a page of the console. A click with a modifier key is the browser's, as of every link. */
export function Link({ to, current, children, ...rest }: LinkProps) {
  const open = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    navigate(to)
  }
  return (
    <a
      class="ds-link"
      {...rest}
      href={`${root}/${to}`}
      onClick={open}
      aria-current={current === true ? 'page' : undefined}
    >
      {children}
    </a>
  )
}
