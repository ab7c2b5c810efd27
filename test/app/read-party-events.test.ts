import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { idsOf, createReader } from '../support/reader.ts'
import { callerClaims, mintToken } from '../support/subscriber.ts'
import { app, person, stored, ttd, user, useReadingApp } from './read-event-fixture.ts'

before(useReadingApp())

describe('events about a party', () => {
  const about = (subject: string, alternativesubject: string) => ({ subject, alternativesubject })
  const mine = about('/party/71', '/person/03017512345')
  const company = about('/party/60', '/organisation/991825827') // as documented
  const sameCompany = about('/party/60', '/org/991825827') // as clients write it
  const others = about('/party/61', '/person/02017512345')
  const said = [mine, company, sameCompany, others]
  let documents: EventDocument[]
  let elsewhere: EventDocument[]
  before(async () => {
    documents = await stored('people', 12, (index) => ({ ...said[index % 4] }))
    elsewhere = await stored('elsewhere', 8, (index) => ({ org: 'skd', ...said[index % 4] }))
  })
  const pick = (list: EventDocument[], ...kinds: number[]) =>
    idsOf(list.filter((_, index) => kinds.includes(index % 4)))
  const read = async (reader: typeof ttd, address: string) =>
    idsOf((await reader.pages(address)).flat())

  test('an app owner filters the events of its app by party, unit or person', async () => {
    const query = 'ttd/people?after=1'
    assert.deepEqual(await read(ttd, query), idsOf(documents))
    assert.deepEqual(await read(ttd, `${query}&party=60`), pick(documents, 1, 2))
    assert.deepEqual(await read(ttd, `${query}&party=0`), idsOf(documents))
    assert.deepEqual(await read(ttd, `${query}&unit=991825827`), pick(documents, 1, 2))
    const owner = createReader(app, await mintToken(callerClaims.ttd), '02017512345')
    assert.deepEqual(await read(owner, query), pick(documents, 3))
    assert.deepEqual(await read(ttd, `${query}&party=62`), [])
    assert.deepEqual(await read(ttd, `${query}&party=60&type=nothing`), [])
  })

  test('a party reads what any app publishes about it, by party, unit or person', async () => {
    const both = (...kinds: number[]) =>
      [...pick(documents, ...kinds), ...pick(elsewhere, ...kinds)].toSorted()
    assert.deepEqual(await read(user, 'party?after=1&party=71'), both(0))
    assert.deepEqual(await read(person, 'party?after=1'), both(0))
    assert.deepEqual(await read(ttd, 'party?after=1&unit=991825827'), both(1, 2))
    const ofOther = 'party?after=1&party=71&source=https://skd.%25'
    assert.deepEqual(await read(user, ofOther), pick(elsewhere, 0))
  })

  test('a person’s number stays in the header: `next` does not contain it', async () => {
    const { next } = await person.page('party?after=1&size=1')
    assert.match(next ?? '', /^http[^?]*\/events\/api\/v1\/app\/party\?after=[0-9a-f-]{36}&size=1$/)
    assert.equal((await person.page(next ?? '')).events.length, 1)
  })
})
