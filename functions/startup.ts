import { app } from '@azure/functions'
import { loadServices } from '../shared/handlers.ts'

// Reads the settings and loads the SDKs before the first event. An invalid setting stops the app, and is named.
app.hook.appStart(async () => {
  await loadServices()
})

app.hook.appTerminate(async () => {
  const { background, clock, config, telemetry } = await loadServices()
  const longest = clock.timeout(config.delivery.timeoutMs)
  await Promise.race([background.idle(), longest.ended]) // attempts at slow subscribers, which would be repeated
  longest.cancel()
  await telemetry.stop()
})
