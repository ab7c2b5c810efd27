import { defineTexts } from '../language.ts'
import { Time } from '../time.tsx'
import type { Delivery } from './delivery.ts'

const texts = defineTexts({
  nb: { turn: 'Når det er dens tur' },
  en: { turn: 'When its turn comes' },
})

/** When a delivery that waits is attempted next: one in the backlog has no time for it. */
export function NextAttempt({
  delivery: { state, due },
}: {
  delivery: Pick<Delivery, 'state' | 'due'>
}) {
  const { turn } = texts.use()
  if (state !== 'waiting') return null
  return due === undefined ? <>{turn}</> : <Time at={due} isDue />
}
