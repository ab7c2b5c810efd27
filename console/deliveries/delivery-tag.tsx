import { defineTexts } from '../language.ts'
import type { DeliveryState } from './delivery.ts'

/** The states of a delivery in words. */
export const deliveryStates = defineTexts<Record<DeliveryState, string>>({
  nb: { waiting: 'Venter', delivered: 'Levert', dead: 'Oppgitt', cancelled: 'Avbrutt' },
  en: { waiting: 'Waiting', delivered: 'Delivered', dead: 'Dead', cancelled: 'Cancelled' },
})

const colors = { waiting: 'info', delivered: 'success', dead: 'danger', cancelled: 'neutral' }

/** The state of a delivery, in a word and a colour. */
export function DeliveryTag({ state }: { state: DeliveryState }) {
  const names = deliveryStates.use()
  return (
    <span class="ds-tag" data-size="sm" data-color={colors[state]}>
      {names[state]}
    </span>
  )
}
