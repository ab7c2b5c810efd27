import type { JSX } from 'preact'

/** What a page gets: the parameters of its route. */
export interface PageProps {
  params: Record<string, string>
}

/** A page, which its module exports as `Page`. */
export type PageComponent = (props: PageProps) => JSX.Element

export interface PageModule {
  Page: PageComponent
}

export interface Route {
  path: string
  load: () => Promise<PageModule>
}

/** The pages, each with an address of its own. A page is loaded when it is opened. */
export const routes: Route[] = [
  { path: '', load: () => import('./pages/overview/overview.tsx') },
  { path: 'subscriptions/{id}', load: () => import('./pages/subscription/subscription.tsx') },
  {
    path: 'subscriptions/{id}/deliveries/{event}',
    load: () => import('./pages/delivery/delivery.tsx'),
  },
  {
    path: 'subscriptions/{id}/replay',
    load: () => import('./pages/replay/replay.tsx'),
  },
  { path: 'subscribe', load: () => import('./pages/subscribe/subscribe.tsx') },
  { path: 'event', load: () => import('./pages/event/event.tsx') },
]
