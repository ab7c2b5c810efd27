// `npm run bench:capacity`: counts the operations of an event, and writes the resulting limits and prices into
// docs/capacity.md and its chart. The counts do not depend on the speed of the machine. Azure's limits and prices are in
// limits.ts and price.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { startStack } from '../../local/stack.ts'
import { writeMarkdown } from '../support/markdown.ts'
import { chartOf, costChart } from './chart.ts'
import type { Measured } from './database.ts'
import { growthPart, plansOf } from './growth-page.ts'
import { ceilingsOf } from './limits.ts'
import { measuredPart } from './page.ts'
import { sweepsPart } from './sweeps-page.ts'
import { usageOfEvents, usageOfTimers, type EventUsage } from './usage.ts'

const SUBSCRIBERS = [0, 1, 3, 10]
const BYTES = [10_000, 100_000, 1_000_000]
const EVENTS = 60
const LARGE_EVENTS = 12

const docs = path.join(import.meta.dirname, '../../docs')
const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0, register: 0 })
try {
  const usages: EventUsage[] = []
  for (const subscribers of SUBSCRIBERS)
    usages.push(await count({ subscribers, bytes: 0, events: EVENTS }))
  const ofOne = usages.filter(({ subscribers }) => subscribers === 1)
  const generic = await count({ subscribers: 1, bytes: 0, events: EVENTS, isGeneric: true })
  const large = [...ofOne]
  for (const bytes of BYTES)
    large.push(await count({ subscribers: 1, bytes, events: LARGE_EVENTS }))
  const timers = await usageOfTimers(stack)
  const measured = measuredOf(usages)
  const file = path.join(import.meta.dirname, 'measured.json')
  writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`)
  await writePart('plans', growthPart(measured))
  await writePart('sweeps', sweepsPart(measured))
  await writePart('measured', measuredPart(usages, [...ofOne, generic], large, { timers }))
  writeFileSync(path.join(docs, 'capacity.svg'), chartOf(ceilingsOf(usages), SUBSCRIBERS))
  writeFileSync(path.join(docs, 'capacity-cost.svg'), costChart(plansOf(measured, 3)))
} finally {
  await stack.stop()
}

async function count(counted: Parameters<typeof usageOfEvents>[1]): Promise<EventUsage> {
  const usage = await usageOfEvents(stack, counted)
  const { subscribers, bytes, isGeneric } = counted
  console.log(
    `${subscribers} subscribers, ${bytes} bytes${isGeneric ? ', generic' : ''}: ${usage.charge.toFixed(1)} RU, ${usage.messages} messages`,
  )
  return usage
}

/** Returns what the plans are made of, rounded: the same counts give the same file. */
function measuredOf(usages: EventUsage[]): Measured {
  const most = usages.find(({ subscribers }) => subscribers === 10)
  const charge = (container: string) => most?.containers.get(container)?.charge ?? NaN
  const bytes = (container: string) => Math.round(most?.documentBytes.get(container) ?? NaN)
  return {
    eventUnits: Number(charge('events').toFixed(2)),
    deliveryUnits: Number((charge('deliveries') / 10).toFixed(2)),
    eventBytes: bytes('events'),
    deliveryBytes: bytes('deliveries'),
    messages: Math.round(most?.messages ?? NaN),
  }
}

/** Writes a part of the document, between its marks. */
async function writePart(mark: 'plans' | 'measured' | 'sweeps', part: string): Promise<void> {
  const file = path.join(docs, 'capacity.md')
  const between = new RegExp(`<!-- ${mark} -->[^]*?<!-- end -->`)
  const marked = `<!-- ${mark} -->\n\n${part}\n\n<!-- end -->`
  await writeMarkdown(
    file,
    readFileSync(file, 'utf8').replace(between, () => marked),
  )
}
