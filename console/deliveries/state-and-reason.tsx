import { Reason } from '../reason.tsx'
import { DeliveryTag } from './delivery-tag.tsx'
import type { Delivery } from './delivery.ts'

/** The state of a delivery, and why, where that is known. */
export const StateAndReason = ({
  delivery: { state, reason },
}: {
  delivery: Pick<Delivery, 'state' | 'reason'>
}) => (
  <>
    <DeliveryTag state={state} />
    {reason !== undefined && (
      <small class="lines">
        <Reason text={reason} />
      </small>
    )}
  </>
)
