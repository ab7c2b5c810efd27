import { app } from '@azure/functions'
import { loadServices } from '../shared/handlers.ts'

// The settings are read and the SDKs loaded before the first event, not by it; a wrong setting stops the app, by name.
app.hook.appStart(async () => {
  await loadServices()
})

app.hook.appTerminate(async () => {
  const { background, clock, config, telemetry } = await loadServices()
  const longest = clock.timeout(config.delivery.timeoutMs)
  await Promise.race([background.idle(), longest.ended]) // answers of slow subscribers, which would be asked again
  longest.cancel()
  await telemetry.stop()
})
