// `npm run proof:loss [-- --seed N] [--long]`
import { parseArgs } from 'node:util'
import { createStores } from '../bench/stores.ts'
import { startStack } from '../local/stack.ts'
import { runLoss, type Run } from './loss-run.ts'
import { asDeployed, hurried } from './profiles.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string' }, long: { type: 'boolean' }, try: { type: 'string' } },
})
const seed = Number(values.seed ?? 1)
const [kind = 'hurried', events = '300', seconds = '15', kills = '4', share = '0.02'] = (
  values.try ?? ''
)
  .split(',')
  .filter(Boolean)
const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0 })
try {
  const stores = await createStores(stack, `loss${seed}`)
  const run: Run = {
    seed,
    size: { events: Number(events), seconds: Number(seconds), kills: Number(kills) },
    profile: kind === 'hurried' ? hurried : asDeployed,
    faultShare: Number(share),
    onProgress: console.log,
  }
  console.log(await runLoss({ stores: stores.settings, issuer: stack.issuer }, run))
} finally {
  await stack.stop()
}
