import { app } from '@azure/functions'
import { consumer } from '../shared/handlers.ts'
import { parseReplayMessage } from '../shared/messages.ts'
import { replayPage } from '../shared/flows/replay.ts'

/** Queue replays: one page of a replay, then the same message again until the replay is done. */
app.storageQueue('replay-deliveries', {
  queueName: 'replays',
  connection: 'QueueStorage',
  handler: consumer(async ({ message, services, log }) => {
    const page = parseReplayMessage(message)
    const state = await replayPage(services, page)
    log('replay.page_done', { subscription: page.subscription, replay: page.replay, state })
  }),
})
