import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { persons, units } from '../../local/register.ts'
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

test('finds the party of a person and of an organisation, by a number in the body', async () => {
  const register = newRegister(async () => ({ 'ocp-apim-subscription-key': 'key' }))
  assert.equal(await register.partyOf(person), `/party/${persons.one.partyId}`)
  assert.equal(await register.partyOf(unit), `/party/${units.main.partyId}`)
  assert.deepEqual(
    stub.asked.map(({ path, body, headers }) => ({
      path,
      body,
      key: headers['ocp-apim-subscription-key'],
    })),
    [
      { path: '/register/api/v1/parties/lookup', body: { ssn: persons.one.number }, key: 'key' },
      { path: '/register/api/v1/parties/lookup', body: { orgNo: units.main.number }, key: 'key' },
    ],
  )
})

test('finds the main unit of a subunit in whatever form it is named', async () => {
  const register = newRegister()
  const { number } = units.subunit
  const named = [SUBUNIT, `/organisation/${number}`, `/org/${number}`]
  named.push(`urn:altinn:organization:identifier-no:${number}`)
  for (const subject of named) assert.deepEqual(await register.mainUnitsOf(subject), mainUnit)
  assert.deepEqual(
    stub.asked.map(({ path, body }) => [path, Object(body).data]),
    [
      ['/register/api/v2/internal/parties/main-units', `urn:altinn:party:id:${SUBUNIT.slice(7)}`],
      [
        '/register/api/v2/internal/parties/main-units',
        `urn:altinn:organization:identifier-no:${number}`,
      ],
    ],
  )
  assert.deepEqual(await register.mainUnitsOf(unit), [], 'a main unit has none')
  assert.deepEqual(await register.mainUnitsOf(`/party/${persons.one.partyId}`), [])
})

test('asks nothing about what cannot be a number', async () => {
  const register = newRegister()
  const wrong = ['/organisation/991825828', '/organisation/99182582', '/person/0101751234']
  wrong.push('/person/010175123456', '/organisation/', '/user/1', `${person}"`, `${unit}/x`)
  for (const alternative of wrong)
    assert.equal(await register.partyOf(alternative), undefined, alternative)
  const subjects = ['/party/0', '/party/2147483648', '/organisation/991825828', '/user/1', '']
  subjects.push(person, '/party/1"', 'urn:altinn:party:id:1', '/org/ttd')
  for (const subject of subjects) assert.deepEqual(await register.mainUnitsOf(subject), [], subject)
  assert.deepEqual(stub.asked, [])
})

describe('the cache', () => {
  test('keeps an answer for an hour', async () => {
    const register = newRegister()
    await register.partyOf(person)
    clock.now += HOUR - 1
    await register.partyOf(person)
    assert.equal(stub.asked.length, 1)
    clock.now += 1
    await register.partyOf(person)
    assert.equal(stub.asked.length, 2)
  })
  test('keeps for an hour that a unit has no main unit', async () => {
    const register = newRegister()
    await register.mainUnitsOf(unit)
    clock.now += HOUR - 1
    await register.mainUnitsOf(unit)
    assert.equal(stub.asked.length, 1)
  })
  test('keeps for a minute that there is no party', async () => {
    const register = newRegister()
    const nobody = '/organisation/312345676'
    assert.equal(await register.partyOf(nobody), undefined)
    clock.now += MINUTE - 1
    await register.partyOf(nobody)
    assert.equal(stub.asked.length, 1)
    clock.now += 1
    await register.partyOf(nobody)
    assert.equal(stub.asked.length, 2)
  })
  test('does not keep that there was no answer', async () => {
    const register = newRegister()
    const subject = `/party/${units.newSubunit.partyId}`
    stub.fail('down')
    assert.equal(await register.mainUnitsOf(subject), 'unavailable')
    clock.now += PAUSE
    stub.fail(undefined)
    assert.deepEqual(await register.mainUnitsOf(subject), mainUnit)
  })
  test('asks once for all who ask the same at the same time', async () => {
    const register = newRegister()
    const found = await Promise.all(Array.from({ length: 5 }, () => register.partyOf(person)))
    assert.deepEqual(new Set(found), new Set([`/party/${persons.one.partyId}`]))
    assert.equal(stub.asked.length, 1)
  })
})
