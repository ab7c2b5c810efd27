// `npm run bench:capacity`: counts the operations of an event, and writes the resulting limits and prices into
// docs/capacity.md and its chart. The counts do not depend on the speed of the machine. Azure's limits and prices are in
// limits.ts and price.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { startStack } from '../../local/stack.ts'
import { writeMarkdown } from '../support/markdown.ts'
import { chartOf } from './chart.ts'
import { ceilingsOf } from './limits.ts'
import { measuredPart } from './page.ts'
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
  await writeMeasuredPart(measuredPart(usages, [...ofOne, generic], large, { timers }))
  writeFileSync(path.join(docs, 'capacity.svg'), chartOf(ceilingsOf(usages), SUBSCRIBERS))
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

/** Writes the measured part between its marks in the document. */
async function writeMeasuredPart(measured: string): Promise<void> {
  const file = path.join(docs, 'capacity.md')
  const marked = `<!-- measured -->\n\n${measured}\n\n<!-- end -->`
  const text = readFileSync(file, 'utf8').replace(/<!-- measured -->[^]*<!-- end -->/, () => marked)
  await writeMarkdown(file, text)
}
