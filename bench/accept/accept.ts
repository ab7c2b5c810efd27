// `npm run bench:accept [-- --seconds 10] [--warm-up 4] [--profile]`: measures what accepting an event costs beyond its
// two store calls. Intervals of load alternate between the app without telemetry, the app that takes generic events, the app with telemetry, and the bare
// SDK calls, in the same host and alone, all on the same emulators.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { startStack } from '../../local/stack.ts'
import {
  CONCURRENCY,
  MAX_CALLS_PER_INTERVAL,
  INTERVAL_SECONDS,
  WARM_UP_SECONDS,
} from '../support/limits.ts'
import { profileFlags, reportProfile } from '../support/profile.ts'
import { printLine, printMemory, printSummary, sendRounds, type Round } from './report.ts'
import { measure, type Contender } from './contender.ts'
import { startContenders, type Contenders } from './contenders.ts'

const profile = 'accept.cpuprofile'
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: String(WARM_UP_SECONDS) },
    profile: { type: 'boolean' },
  },
})
const seconds = Number(values.seconds)
const warmUpSeconds = Number(values['warm-up'])
if (!(seconds > 0)) throw new Error(`--seconds must be a number above 0, not ${values.seconds}`)
if (!(warmUpSeconds > 0))
  throw new Error(`--warm-up must be a number above 0, not ${values['warm-up']}`)

const deadlineMs = (4 * seconds + 20) * 1000 // of this process: a busy machine gets fewer intervals, not a longer run

const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0, register: 0 })
const flags = values.profile ? profileFlags(profile) : []
const collector = await startCollector()
const running = await startContenders(stack, flags, collector.url) // an error here ends the bench and all its processes
try {
  const app = running.app.worker
  const before = { resident: (await app.usage()).rssBytes, held: await app.heapUsed() }
  const rounds = await measureRounds(running)
  printSummary(rounds)
  sendRounds(rounds)
  printMemory(rounds, before, await app.heapUsed())
} finally {
  await stop(running)
  collector.stop()
  await stack.stop()
}
if (values.profile) await reportProfile(profile, 'shared/flows/accept-event.ts', 'profile-accept')

async function measureRounds(contenders: Contenders<Contender>): Promise<Round[]> {
  const count = Math.max(1, Math.round(seconds / INTERVAL_SECONDS))
  console.log(`${count} intervals of ${seconds / count} s for each, ${CONCURRENCY} calls at once`)
  printLine('warm-up', await measureAll(contenders, warmUpSeconds))
  const rounds: Round[] = []
  for (
    let interval = 1;
    interval <= count && (interval === 1 || performance.now() < deadlineMs);
    interval++
  ) {
    const round = await measureAll(contenders, seconds / count)
    printLine(`interval ${interval}`, round)
    rounds.push(round)
  }
  return rounds
}

async function measureAll(contenders: Contenders<Contender>, length: number): Promise<Round> {
  const { app, generic, traced, hosted, bare } = contenders
  const limits = { milliseconds: length * 1000, calls: MAX_CALLS_PER_INTERVAL }
  return {
    app: await measure(app, limits),
    generic: await measure(generic, limits),
    traced: await measure(traced, limits),
    hosted: await measure(hosted, limits),
    bare: await measure(bare, limits),
  }
}

async function stop({ bare, ...hosts }: Contenders<Contender>): Promise<void> {
  await Promise.all([bare, ...Object.values(hosts)].map(({ driver }) => driver.stop()))
  await Promise.all(Object.values(hosts).map(({ worker }) => worker.stop()))
}

/** A collector that discards all telemetry. */
async function startCollector() {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('{}'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}`,
    stop(): void {
      server.close()
      server.closeAllConnections()
    },
  }
}
