import { app } from '@azure/functions'
import { loadServices } from '../shared/handlers.ts'
import { mapStacks } from '../shared/telemetry/source-maps.ts'

mapStacks()

// The body of a request is read by the function, as far as it wants: not whole, by the host, before anybody has looked at
// the tokens. In return an HTTP function must always answer: one that throws leaves its caller waiting for 240 s.
app.setup({ enableHttpStream: true })

// The settings are read and the SDKs loaded before the first event, not by it. A wrong setting leaves the app without
// functions: every path is a 404, and the host's exception names the setting.
app.hook.appStart(async () => {
  const { access, config } = await loadServices()
  const { decidedBy } = access
  const isDocument = 'grants' in config.access && config.access.grants === undefined
  const by = isDocument ? 'grants of the document' : decidedBy
  console.log(JSON.stringify({ what: 'access.decided_by', decidedBy: by }))
})

app.hook.appTerminate(async () => {
  const { background, clock, config, telemetry } = await loadServices()
  const longest = clock.timeout(config.delivery.timeoutMs)
  await Promise.race([background.idle(), longest.ended]) // of deliveries, messages repeat what it does not end
  longest.cancel()
  await telemetry.stop()
})
