// `npm run bench:start [-- --samples 15]`: measures how long a cold start waits for the app. Every sample is a new
// process. The deployed bundle alternates with the same functions from the sources.
import { parseArgs } from 'node:util'
import { startChild } from '../support/child.ts'
import { printStart, type Sample } from './report.ts'

const DEADLINE_MS = 50_000 // of this process: a busy machine gets fewer samples, not a longer run

const { values } = parseArgs({ options: { samples: { type: 'string', default: '15' } } })
const samples = Number(values.samples)
if (!(samples >= 1)) throw new Error(`--samples must be a number from 1, not ${values.samples}`)
printStart(await takeSamples())

/** Returns the samples without the first pair, which loads the files into the page cache. */
async function takeSamples() {
  const bundle: Sample[] = []
  const sources: Sample[] = []
  await takePair('warm-up')
  for (let number = 1; number <= samples && performance.now() < DEADLINE_MS; number++) {
    const pair = await takePair(`sample ${number}`)
    bundle.push(pair.bundle)
    sources.push(pair.sources)
  }
  return { bundle, sources }
}

async function takePair(name: string) {
  const pair = { bundle: await takeSample('bundle'), sources: await takeSample('sources') }
  const [bundle, sources] = [pair.bundle, pair.sources].map(
    ({ registered, warm }) => `${registered.clock.toFixed(0)} ms, warm ${warm.clock.toFixed(0)} ms`,
  )
  console.log(`${name}: bundle ${bundle}; sources ${sources}`)
  return pair
}

async function takeSample(form: 'bundle' | 'sources'): Promise<Sample> {
  const child = startChild('../start/registration.ts', { args: [form] })
  const { registered, warm } = Object(await child.nextMessage())
  await child.stop()
  return { registered: durationOf(registered), warm: durationOf(warm) }
}

function durationOf(message: unknown) {
  const { clock, cpu } = Object(message)
  return { clock: Number(clock), cpu: Number(cpu) }
}
