import { addressProperties } from './addresses.ts'
import { answerProperties } from './webhook-answers.ts'
import { circuitProperties } from './circuits.ts'
import { deliveryProperties } from './deliveries.ts'
import { eventProperties } from './events.ts'
import { matchingProperties } from './matching.ts'
import { messageProperties } from './messages.ts'
import { orderProperties } from './event-ids.ts'
import { requestProperties } from './requests.ts'
import { tokenProperties } from './tokens.ts'

/** Everything that must hold of the app's modules by themselves. */
export const pureProperties = [
  ...eventProperties,
  ...tokenProperties,
  ...addressProperties,
  ...matchingProperties,
  ...circuitProperties,
  ...deliveryProperties,
  ...orderProperties,
  ...requestProperties,
  ...messageProperties,
  ...answerProperties,
]
