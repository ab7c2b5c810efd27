import { parseArgs } from 'node:util'
import { runUntilStopped } from './lifetime.ts'
import { startReceiver, type Behaviour, type Delivery } from './receiver.ts'

// `npm run receiver -- --port 7073 --secret whsec_… --status 503 --hang --retry-after 5`: a webhook to subscribe with.
await runUntilStopped(async () => {
  const { port, secret, behaviour } = readArguments()
  const receiver = await startReceiver({ port, secret, onDelivery: print }).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error
    throw new Error(`Port ${port} is taken: choose another with --port.`)
  })
  receiver.behave(behaviour)
  console.log(`Webhook receiver at ${receiver.url}; Ctrl-C stops it.`)
  return () => receiver.stop()
})

function readArguments() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '7073' },
      secret: { type: 'string' },
      status: { type: 'string', default: '200' },
      hang: { type: 'boolean', default: false },
      'retry-after': { type: 'string' },
    },
  })
  const { secret, 'retry-after': retryAfter } = values
  if (secret !== undefined && !/^whsec_[A-Za-z\d+/]{4,}={0,2}$/.test(secret))
    throw new Error(
      '--secret must be whsec_ and base64: the secret in the answer to the subscription.',
    )
  const behaviour: Behaviour = {
    status: integer('--status', values.status, 200, 599),
    ...(values.hang && { does: 'hang' }),
    ...(retryAfter !== undefined && {
      headers: { 'retry-after': String(integer('--retry-after', retryAfter, 0, 1_000_000)) },
    }),
  }
  return { port: integer('--port', values.port, 0, 65_535), secret, behaviour }
}

function integer(name: string, text: string, min: number, max: number): number {
  if (!/^\d+$/.test(text) || Number(text) < min || Number(text) > max)
    throw new Error(`${name} must be a whole number from ${min} to ${max}, not ${text}.`)
  return Number(text)
}

function print({ at, event, headers, verified }: Delivery): void {
  const signature =
    verified === undefined
      ? 'no secret given'
      : `signature ${verified ? 'verified' : 'NOT verified'}`
  const { type = 'no event', subject = '-', id = headers['webhook-id'] ?? '-' } = event ?? {}
  console.log(`${at.toISOString()} ${type} ${subject} ${id} ${signature}`)
}
