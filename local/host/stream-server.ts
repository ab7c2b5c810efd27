import { channel } from 'node:diagnostics_channel'
import { Server } from 'node:http'
import type { Model } from './invocation.ts'

/**
 * Starts streaming as an app asked for it, and returns the HTTP server that @azure/functions then opens for the host to
 * forward requests to (its httpProxy.ts), otherwise undefined. Host and worker are one process here, so requests are handed
 * to that server with no second connection between, and it need not listen.
 */
export async function openStreamServer(model: Model): Promise<Server | undefined> {
  let opened: unknown
  const note = (message: unknown) => void (opened = Object(message).server)
  const listening = channel('tracing:net.server.listen:asyncStart')
  listening.subscribe(note)
  const { HttpUri } = await model.getCapabilities({})
  listening.unsubscribe(note)
  if (HttpUri === undefined || !(opened instanceof Server)) return undefined
  opened.removeAllListeners('close') // it would log the close as an event
  opened.close()
  return opened
}
