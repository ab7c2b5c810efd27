import { fail } from './lifetime.ts'
import { newestEvents, queueLengths } from './inspect.ts'
import { addToEnvironment, readSettingsFile } from './settings.ts'

// `npm run show`: the newest stored events and the queues of the local stack, or of what the settings name.
try {
  addToEnvironment(readSettingsFile())
  const { Cosmos = '', COSMOS_DATABASE = 'events', QueueStorage = '' } = process.env
  console.log(JSON.stringify(await newestEvents(Cosmos, COSMOS_DATABASE, 3), undefined, 2))
  console.log('Messages in queues:', await queueLengths(QueueStorage))
} catch (error) {
  fail(error)
}
