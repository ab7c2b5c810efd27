import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'
import { format, resolveConfig } from 'prettier'
import { attacksReport, type AttackResults } from './attacks-report.ts'
import { lossReport, type LossResults } from './loss-report.ts'
import { machineReport, type MutationResult, type SimulationResult } from './machine-report.ts'
import { loadResult } from './results.ts'
import { speedCharts, speedReport, type SpeedResults } from './speed-report.ts'

const docs = path.join(import.meta.dirname, '../docs')

/** Writes docs/proof.md and its charts from the latest results of the proofs. */
export async function writePage(): Promise<void> {
  const loss: LossResults = JSON.parse(loadResult('loss'))
  const attacks: AttackResults = JSON.parse(loadResult('attacks'))
  const speed: SpeedResults = JSON.parse(loadResult('speed'))
  const simulation: SimulationResult = JSON.parse(loadResult('simulation'))
  const mutants: MutationResult = JSON.parse(loadResult('mutants'))
  const charts = speedCharts(speed)
  for (const [name, svg] of charts) writeFileSync(path.join(docs, `proof-${name}.svg`), svg)
  const text = `# Proof

What the [design](decisions.md) promises, shown by programs that anyone can run. \`npm run proof\` made this page on ${speed.at.slice(0, 10)}, on ${cpus().length} cores (${cpus()[0]?.model}), with Node.js ${process.versions.node}, against the emulators of the local stack; \`-- --long\` does it for hours. Emulators, hosts, load and subscribers shared those cores: the ratios mean something, the rest only in their company.

## Nothing lost

\`npm run proof:loss [-- --seed N]\`: hosts in processes of their own, a proxy between them and the stores that refuses, delays, resets and answers as Cosmos DB and Storage do under stress, hosts killed outright, queues emptied, messages doubled, subscribers that fail: by a plan that a seed repeats.

${lossReport(loss)}

## Nothing stuck

\`npm run proof:simulation -- --seeds N [--seed S]\`: the real flows over stores, queues, clock and subscribers of its own, days in a second, by a seed; \`npm run proof:mutants\`: whether tests and simulation notice a change in them.

${machineReport(simulation, mutants)}

## Nobody in

\`npm run proof:attacks [-- --seed N]\`: attacks by token, source, body, address, route and name, on the running app, and properties over generated inputs. [SECURITY.md](../SECURITY.md) says who might try what.

${attacksReport(attacks)}

## Still fast

\`npm run proof:speed\`: the benches of the project, each also alone (\`npm run bench:accept\` and so on), as a ratio to a floor or a peer in the same run wherever there is one. What an event costs in Azure is on [a page of its own](capacity.md).

${speedReport(speed)}

${charts.map(([name]) => `![${name}](proof-${name}.svg)`).join('\n\n')}

${reading}
`
  const file = path.join(docs, 'proof.md')
  const options = { ...(await resolveConfig(file)), parser: 'markdown' }
  writeFileSync(file, await format(text, options))
}

const reading = `### What was missed, and why

- **Accepting at 0.85 of the bare SDKs.** Beside the same two calls in the same host it is close to that. The rest is the local host, the Functions library and Node.js's HTTP server, which the bare SDKs do without, and the sender of the load, which shares the cores: whose the processor time is says \`npm run bench:accept -- --profile\`.
- **100 µs of the processor beyond the two calls.** Both tokens, the body, joi, the ids and the log line together take about that; a slice of a second on two cores moves the difference of two such figures by more than it is.
- **Deliveries at half the speed of undici alone.** Beside a POST there is a record to make, to read and to write and a message to send, to take and to delete: that is what keeps it from being lost. The figure to look at is the one beside the bare SDKs, which do just that. Emulators, app, subscribers and load share the cores.
- **Matching in 1 µs at 100,000 subscriptions.** A single look-up in a Map of that size, by a text that is new to the process, takes a good part of it: what is missed is the cache of the processor. Two to seven of them make a match.

What the profiles took out, before and after: [decision 34](decisions.md).
`
