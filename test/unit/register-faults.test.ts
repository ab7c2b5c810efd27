import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { persons, units } from '../../local/register.ts'
import { createRegister } from '../../shared/register/register.ts'
import { startFaultyRegister, type RegisterFault } from '../support/register.ts'
import {
  stub,
  clock,
  MINUTE,
  HOUR,
  PAUSE,
  person,
  unit,
  SUBUNIT,
  mainUnit,
  newRegister,
} from './register-fixture.ts'

const faults: [RegisterFault, reason: RegExp][] = [
  ['down', /^status 500$/],
  ['refuses', /^status 401$/],
  ['redirects', /^a redirect \(307\)$/],
  ['garbage', /^not JSON$/],
  ['no party', /^no party$/],
  ['endless', /^more than 65536 bytes$/],
  ['hangs', /^no answer within 2.5 s$/],
]

describe('an address that answers 404', { concurrency: false }, () => {
  const numbers = ['312345676', units.main.number, units.subunit.number, units.other.number]
  const partyOf = (register: ReturnType<typeof newRegister>, number: string | undefined) =>
    register.partyOf(`/organisation/${number}`)

  test('to three numbers in a row is a failure to be seen: the answers stay that there is no party', async () => {
    stub.fail('unknown')
    const register = newRegister()
    assert.equal(await partyOf(register, numbers[0]), undefined)
    clock.now += MINUTE
    assert.equal(await partyOf(register, numbers[0]), undefined)
    assert.equal(await partyOf(register, numbers[1]), undefined)
    assert.deepEqual(register.reasons, [], 'the same number again proves nothing')
    assert.equal(await partyOf(register, numbers[2]), undefined)
    assert.deepEqual(register.reasons, ['status 404 to 3 numbers in a row'])
    assert.equal(register.answers.count, 0)
    stub.fail(undefined)
    assert.notEqual(await partyOf(register, numbers[3]), undefined)
    assert.equal(register.answers.count, 1)
  })

  test('to two numbers, and knows the next, is none', async () => {
    const register = newRegister()
    for (const number of numbers) {
      stub.fail(number === units.subunit.number ? undefined : 'unknown')
      await partyOf(register, number)
    }
    assert.deepEqual(register.reasons, [])
  })

  test('with the problem details of the register knows none of the numbers', async () => {
    const register = newRegister()
    for (const number of ['312345676', '312345684', '312345692', '312345706'])
      assert.equal(await partyOf(register, number), undefined, number)
    assert.ok(stub.asked.length >= 3)
    assert.deepEqual(register.reasons, [])
    assert.equal(register.answers.count, stub.asked.length)
  })

  test('to a question for main units is no register: the event must wait', async () => {
    stub.fail('unknown')
    const register = newRegister()
    assert.equal(await register.mainUnitsOf(SUBUNIT), 'unavailable')
    assert.deepEqual(register.reasons, ['status 404'])
    stub.fail(undefined)
    assert.deepEqual(await register.mainUnitsOf(SUBUNIT), mainUnit, 'it is asked again at once')
  })
})

describe('a register that does not answer', { concurrency: false }, () => {
  for (const [fault, reason] of faults)
    test(`${fault}: says so, and why, without the number`, async () => {
      stub.fail(fault)
      const register = newRegister()
      assert.equal(await register.partyOf(person), 'unavailable')
      assert.equal(register.reasons.length, 1)
      assert.match(register.reasons[0] ?? '', reason)
      assert.equal(stub.asked.length, 1, 'a redirect is not followed')
    })

  test('nobody listens', async () => {
    const gone = await startFaultyRegister()
    await gone.stop()
    const reasons: string[] = []
    const register = createRegister({
      url: gone.settings.ALTINN_REGISTER_URL,
      authorization: async () => ({}),
      state: { failed: (reason) => void reasons.push(reason), answered: () => {} },
    })
    assert.equal(await register.partyOf(person), 'unavailable')
    assert.deepEqual(reasons, ['no connection: ECONNREFUSED'])
  })

  test('no token can be had: nothing is asked', async () => {
    const register = newRegister(() => Promise.reject(new Error('no token', { cause: 400 })))
    assert.equal(await register.partyOf(person), 'unavailable')
    assert.deepEqual([register.reasons, stub.asked], [['no token'], []])
  })

  test('a list of main units that is none is no answer', async () => {
    stub.fail('no party')
    const register = newRegister()
    assert.equal(await register.mainUnitsOf(unit), 'unavailable')
    assert.deepEqual(register.reasons, ['no list of main units'])
  })

  test('is asked again after three seconds', async () => {
    const register = newRegister()
    stub.fail('down')
    await register.partyOf(person)
    stub.fail(undefined)
    clock.now += PAUSE - 1
    assert.equal(await register.partyOf(unit), 'unavailable')
    assert.equal(stub.asked.length, 1)
    clock.now += 1
    assert.equal(await register.partyOf(unit), `/party/${units.main.partyId}`)
  })

  test('an answer that makes no sense holds up no other question', async () => {
    const register = newRegister()
    stub.fail('garbage')
    await register.partyOf(person)
    stub.fail(undefined)
    assert.equal(await register.partyOf(unit), `/party/${units.main.partyId}`)
  })

  test('known answers serve for a day, that there is none does not', async () => {
    const register = newRegister()
    const nobody = '/organisation/312345676'
    await register.partyOf(person)
    await register.partyOf(nobody)
    stub.fail('down')
    clock.now += 24 * HOUR - 1
    assert.equal(await register.partyOf(person), `/party/${persons.one.partyId}`)
    assert.equal(await register.partyOf(nobody), 'unavailable')
    clock.now += PAUSE
    assert.equal(await register.partyOf(person), 'unavailable')
  })
})
