import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Register } from '../../shared/register/register.ts'
import { startFanOut } from './fan-out-fixture.ts'
import { eventOf, idOf } from './flow-fixture.ts'
import { startReplay, addEvents } from './replay-fixture.ts'
import { subscription, tombstone } from './subscription-fixture.ts'

const filters = { subject: '/party/9', includeSubunits: true as const }

/** A register in which /party/9 is the main unit of /party/1, if it answers. */
function registerOf(state: { isDown?: boolean } = {}) {
  const asked: string[] = []
  const register: Register = {
    partyOf: () => Promise.resolve(undefined),
    mainUnitsOf(subject) {
      asked.push(subject)
      if (state.isDown === true) return Promise.resolve('unavailable')
      return Promise.resolve(subject === '/party/1' ? ['/party/9'] : [])
    },
  }
  return { register, asked, state }
}

test('an event about a subunit goes to the main unit’s subscription, beside the others', async () => {
  const flows = startFanOut()
  const { register, asked } = registerOf()
  flows.services.register = register
  flows.store(subscription(2, { filters }))
  assert.equal((await flows.fanOut())?.subscribers, 2)
  assert.deepEqual(asked, ['/party/1'])
  assert.equal(flows.delivery(flows.id, 2)?.state, 'delivered')
  assert.equal(flows.event(flows.id)?.fanOut?.count, 2)
})

test('the register is not asked where no subscription includes subunits, nor about a person', async () => {
  const plain = startFanOut()
  const { register, asked } = registerOf()
  plain.services.register = register
  assert.equal((await plain.fanOut())?.subscribers, 1)
  const person = startFanOut(undefined, { alternative: '/person/01017512345' })
  person.services.register = register
  person.store(subscription(2, { filters }))
  assert.equal((await person.fanOut())?.subscribers, 1)
  assert.deepEqual(asked, [])
})

test('without a register a subscription with subunits has the events of its own subject', async () => {
  const flows = startFanOut()
  flows.store(subscription(2, { filters }))
  flows.store(subscription(3, { filters: { ...filters, subject: '/party/1' } }))
  assert.equal((await flows.fanOut())?.subscribers, 2)
  assert.equal(flows.delivery(flows.id, 2), undefined)
})

test('while the register is down the others are served, once, and the event stays pending', async () => {
  const flows = startFanOut()
  const { register, state } = registerOf({ isDown: true })
  flows.services.register = register
  flows.store(subscription(2, { filters }))
  await assert.rejects(flows.fanOut(), /main unit .* not known/)
  await assert.rejects(flows.fanOut(2), /main unit .* not known/)
  assert.deepEqual([flows.record()?.state, flows.requests.length], ['delivered', 1])
  assert.notEqual(flows.event(flows.id)?.pending, undefined)
  state.isDown = false
  assert.equal((await flows.fanOut(3))?.subscribers, 2)
  assert.deepEqual([flows.delivery(flows.id, 2)?.state, flows.requests.length], ['delivered', 2])
  assert.equal(flows.event(flows.id)?.pending, undefined)
})

test('a replay finds the events about subunits, and comes again while the register is down', async () => {
  const flows = startReplay({ only: 'missing' })
  flows.change((stored) => ({ ...stored, filters: { ...stored.filters, ...filters } }))
  const { register, state } = registerOf({ isDown: true })
  flows.services.register = register
  const [ofSubunit = ''] = addEvents(flows, 1, 500)
  const other = idOf(1, 400)
  const said = eventOf(other, { subject: '/party/2' })
  flows.addEvent({ ...said, event: { ...said.event, subject: '/party/2' } })
  await assert.rejects(flows.page(), /register of parties does not answer/)
  assert.equal(flows.replay()?.state, 'running')
  state.isDown = false
  assert.equal(await flows.page(), 'done')
  assert.equal(flows.delivery(ofSubunit)?.state, 'backlog')
  assert.equal(flows.delivery(other), undefined)
})

test('who is disabled while the others are served, for longer than the index counts, gets nothing', async () => {
  const flows = startFanOut()
  flows.services.register = registerOf().register
  flows.store(subscription(2, { filters }))
  const { add } = flows.services.deliveries
  flows.services.deliveries.add = async (delivery) => {
    await flows.services.clock.timeout(6000).ended
    flows.containers.subscriptions.remove('/org/ttd/document-2')
    flows.store(tombstone(2))
    return add(delivery)
  }
  assert.equal((await flows.fanOut())?.subscribers, 1)
  assert.equal(flows.requests.length, 1)
})

test('an event of no main unit needs no other look at the index, which may be out by then', async () => {
  const flows = startFanOut()
  const { index } = flows.services
  const current = index.current.bind(index)
  let reads = 0
  index.current = () => (reads++ < 2 ? current() : Promise.reject(new Error('out')))
  assert.equal((await flows.fanOut())?.outcome, 'written')
  assert.equal(reads, 2)
})
