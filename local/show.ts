import { parseArgs } from 'node:util'
import { newestEvents, queueLengths } from './inspect.ts'
import { fail } from './lifetime.ts'
import { portHelp } from './ports.ts'
import { addToEnvironment, readSettingsFile } from './settings.ts'

const help = `npm run show: prints the newest stored events, and how many messages each queue holds, of the local stack or of
the stores that Cosmos, COSMOS_DATABASE and QueueStorage name.

${portHelp}`

try {
  const { values } = parseArgs({ options: { help: { type: 'boolean' } } })
  if (values.help === true) console.log(help)
  else await show()
} catch (error) {
  fail(error)
}

async function show(): Promise<void> {
  addToEnvironment(readSettingsFile())
  const { Cosmos = '', COSMOS_DATABASE = 'events', QueueStorage = '' } = process.env
  await assertReached('COSMOS_PORT', /AccountEndpoint=(http:\/\/127[^;]+)/.exec(Cosmos)?.[1])
  await assertReached('QUEUE_PORT', /QueueEndpoint=(http:\/\/127[^;]+)/.exec(QueueStorage)?.[1])
  console.log(JSON.stringify(await newestEvents(Cosmos, COSMOS_DATABASE, 3), undefined, 2))
  console.log('Messages in queues:', await queueLengths(QueueStorage))
}

/** Throws, saying what to do, where nothing listens at the address of an emulator; there is none for a store in Azure. */
async function assertReached(variable: string, emulator: string | undefined): Promise<void> {
  if (emulator === undefined) return
  await fetch(emulator).catch(() => {
    throw new Error(
      `Nothing listens at ${emulator}: run npm start, or name the port it was started with in ${variable}.`,
    )
  })
}
