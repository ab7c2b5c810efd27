// `node bench/capacity/sweep-million.ts`: has a sweep send a million, in virtual time, and prints what it
// took, as JSON. A process of its own, since a test runner looks at every promise.
import { BEGIN, createOverdueWork } from './overdue-work.ts'
import { simulateSweep } from './simulate-sweep.ts'

const WAITING = 1_000_000
const PARTITIONS = 1700

const work = createOverdueWork(WAITING, PARTITIONS)
const runs = await simulateSweep(work, 'sweep-deliveries')
const { sent } = work
const isOldestFirst = sent.every(({ due }, place) => due >= (sent[place - 1]?.due ?? 0))
console.log(
  JSON.stringify({
    sent: sent.length,
    isOldestFirst,
    isEachOnce: new Set(sent.map(({ index }) => index)).size === sent.length,
    minutes: Math.round(((sent.at(-1)?.at ?? NaN) / 1000 - BEGIN) / 60),
    runs: runs.length,
    ofARun: runs[0],
  }),
)
