import { app } from '@azure/functions'
import { consumer } from '../shared/handlers.ts'
import { parseValidationMessage } from '../shared/messages.ts'
import { validate } from '../shared/flows/validate-subscription.ts'

/** Queue subscription-validation: one attempt to validate an endpoint. */
app.storageQueue('validate-subscription', {
  queueName: 'subscription-validation',
  connection: 'QueueStorage',
  handler: consumer(async ({ message, services, log }) => {
    const request = parseValidationMessage(message)
    const ended = await validate(services, request)
    log('validation.attempted', {
      subscription: request.subscription,
      attempt: request.attempt,
      ended,
    })
  }),
})
