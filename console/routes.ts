import type { JSX } from 'preact'
import { Page as Overview } from './pages/overview/overview.tsx'

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

/** The pages, each with an address of its own. All but the first are loaded when they are opened. */
export const routes: Route[] = [
  { path: '', load: async () => ({ Page: Overview }) },
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
