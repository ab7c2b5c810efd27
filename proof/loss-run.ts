import type { Behaviour } from '../local/receiver.ts'
import { createClock, type Clock } from './clock.ts'
import { duplicatesOf, missingOf, owedFor, slowestOf, waitsOf, type Waits } from './ledger.ts'
import { COMPLETED, inSpan, planOf, type LossPlan, type Size } from './loss-plan.ts'
import type { Profile } from './profiles.ts'
import { createRandom } from './random.ts'
import { startScene, type Scene, type Stage } from './scene.ts'
import { settle, type Settled } from './settle.ts'
import type { SubscriberOptions } from './subscribers.ts'
import { breakStores, keepSweeping, wreak } from './trouble.ts'

const FLAKY_SHARE = 0.2
const PROGRESS_MS = 5000

export interface Run {
  seed: number
  size: Size
  profile: Profile
  /** The share of requests to the stores that meet a fault; 0: nothing goes wrong at all, and nobody is ill. */
  faultShare: number
  onProgress: (line: string) => void
}

/** What came of a run. */
export interface LossRow {
  seed: number
  times: string
  seconds: number
  faults: number
  kills: number
  crashes: number
  accepted: number
  refused: number
  answers: Record<string, number>
  owed: number
  delivered: number
  duplicates: number
  dead: number
  lost: string[]
  /** Keys that became two events. */
  doubled: number
  unsigned: number
  /** To the subscriber that is well. */
  well: Waits
  /** To all three. */
  all: Waits
  slowest: string[]
  eventMessages: number
  deliveryMessages: number
}

/** One run: publishes while everything breaks as the seed says, waits until all is delivered or dead, and counts. */
export async function runLoss(stage: Stage, run: Run): Promise<LossRow> {
  const clock = createClock()
  const plan = planOf(run.seed, run.size)
  const isIll = run.faultShare > 0
  const scene = await startScene(stage, {
    profile: run.profile,
    name: `loss-${run.seed}${isIll ? '' : '-well'}`,
    subscribers: isIll ? illSubscribers(plan, clock, run.seed) : wellSubscribers,
  })
  const progress = setInterval(() => run.onProgress(lineOf(run, scene, clock)), PROGRESS_MS)
  const stopSweeping = keepSweeping(scene.hosts, run.profile.sweepSeconds)
  try {
    clock.begin()
    if (isIll) breakStores(scene.stores, plan, clock, run.seed, run.faultShare)
    else
      scene.stores.plan(
        () => undefined,
        () => undefined,
      )
    const publishing = plan.events.map(async (event) => {
      await clock.until(event.at)
      await scene.publisher.publish(event)
    })
    await Promise.all([...publishing, isIll && wreak(plan, clock, scene.hosts, scene.stores)])
    const owed = owedFor(scene.publisher.published.accepted, scene.subscribers)
    const settled = await settle(owed, scene.stores, run.profile.settleSeconds)
    return rowOf(run, scene, settled, clock.elapsed() / 1000)
  } finally {
    clearInterval(progress)
    await stopSweeping()
    await scene.stop()
  }
}

const wellSubscribers: SubscriberOptions[] = [
  { name: 'well', behaviour: () => ({}) },
  { name: 'flaky', behaviour: () => ({}) },
  { name: 'down', behaviour: () => ({}), type: COMPLETED },
]

function illSubscribers({ down }: LossPlan, clock: Clock, seed: number): SubscriberOptions[] {
  const random = createRandom(seed + 3)
  return [
    { name: 'well', behaviour: () => ({}) },
    {
      name: 'flaky',
      behaviour: () =>
        random.chance(FLAKY_SHARE)
          ? random.pick<Behaviour>([
              { status: 503 },
              { status: 500 },
              { does: 'reset' },
              { delayMs: 1000 },
            ])
          : {},
    },
    {
      name: 'down',
      behaviour: () => (inSpan([down], clock.elapsed()) ? down.how : {}),
      type: COMPLETED,
    },
  ]
}

function lineOf(
  { seed }: Run,
  { publisher, subscribers, hosts, stores }: Scene,
  clock: Clock,
): string {
  const { accepted, refused } = publisher.published
  const owed = owedFor(accepted, subscribers)
  const delivered = owed.length - missingOf(owed).length
  const seconds = Math.round(clock.elapsed() / 1000)
  return `seed ${seed}, ${seconds} s: ${accepted.length} accepted, ${refused.length} refused, ${delivered} of ${owed.length} delivered, ${stores.faults()} faults, ${hosts.kills()} kills`
}

function rowOf(run: Run, scene: Scene, { dead, lost }: Settled, seconds: number): LossRow {
  const { subscribers, publisher, hosts, stores } = scene
  const { accepted, refused, answers, doubled } = publisher.published
  const owed = owedFor(accepted, subscribers)
  const [well] = subscribers
  return {
    seed: run.seed,
    times: run.profile.name,
    seconds,
    faults: stores.faults(),
    kills: hosts.kills(),
    crashes: hosts.crashes(),
    accepted: accepted.length,
    refused: refused.length,
    answers,
    owed: owed.length,
    delivered: owed.length - missingOf(owed).length,
    duplicates: duplicatesOf(subscribers),
    dead,
    lost,
    doubled: doubled + (well?.doubled() ?? 0),
    unsigned: subscribers.reduce((sum, each) => sum + each.unsigned(), 0),
    well: waitsOf(owed.filter(({ subscriber }) => subscriber === well)),
    all: waitsOf(owed),
    slowest: slowestOf(owed, 10),
    eventMessages: stores.sent.events,
    deliveryMessages: stores.sent.deliveries,
  }
}
