import { app } from '@azure/functions'
import { loadServices } from '../shared/handlers.ts'

// The settings are read and the SDKs loaded before the first event, not by it; a wrong setting stops the app, by name.
app.hook.appStart(async () => {
  await loadServices()
})

app.hook.appTerminate(async () => {
  await (await loadServices()).telemetry.stop()
})
