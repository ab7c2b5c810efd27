import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDocumentGrants } from '../../shared/auth/grants-document.ts'

const grant = { resource: 'urn:altinn:resource:skd-*', action: 'read', who: '/org/skd' }
const other = { ...grant, who: '/org/ttd' }

/** A document in the test's hands: its grants, 'none', or 'unreadable'. */
function startGrants(document: unknown) {
  const clock = { now: 1_900_000_000_000 }
  const state = { document }
  const lines: string[] = []
  let reads = 0
  const grants = createDocumentGrants(
    async () => {
      reads++
      if (state.document === 'unreadable') throw new Error('unreadable')
      return state.document === 'none' ? undefined : { grants: state.document, _ts: 1 }
    },
    { now: () => clock.now, write: (line) => void lines.push(line) },
  )
  return {
    clock,
    state,
    lines,
    grants: async () => (await grants()).grants,
    isCertain: async () => (await grants()).isCertain,
    reads: () => reads,
  }
}

test('the document is read when it is used, at most once in 3 s', async () => {
  const { clock, state, grants, reads } = startGrants([grant])
  assert.equal(reads(), 0)
  const many = await Promise.all([grants(), grants(), grants()])
  assert.deepEqual(many, [[grant], [grant], [grant]])
  state.document = [other]
  clock.now += 2999
  assert.deepEqual(await grants(), [grant])
  assert.equal(reads(), 1)
  clock.now += 1
  assert.deepEqual(await grants(), [other])
})

test('without a document there are no grants; of one that was there, after a minute', async () => {
  const { clock, state, grants } = startGrants('none')
  assert.deepEqual(await grants(), [])
  state.document = [grant]
  clock.now += 3000
  assert.deepEqual(await grants(), [grant])
  state.document = 'none'
  clock.now += 3000
  assert.deepEqual(await grants(), [grant])
  clock.now += 59_999
  assert.deepEqual(await grants(), [grant])
  clock.now += 3000
  assert.deepEqual(await grants(), [])
})

test('a document that is deleted and made again was never without its grants', async () => {
  const { clock, state, grants } = startGrants([grant])
  for (const document of [[grant], 'none', [grant], 'none', [grant]]) {
    state.document = document
    clock.now += 50_000
    assert.deepEqual(await grants(), [grant])
  }
})

test('grants serve for 5 minutes while the document cannot be read, and again when it can', async () => {
  const { clock, state, grants } = startGrants([grant])
  await grants()
  state.document = 'unreadable'
  clock.now += 299_999
  assert.deepEqual(await grants(), [grant])
  clock.now += 1
  await assert.rejects(grants(), /unreadable/)
  state.document = [other]
  assert.deepEqual(await grants(), [other])
})

test('what has never been read is not taken for no grants', async () => {
  const { state, grants } = startGrants('unreadable')
  await assert.rejects(grants(), /unreadable/)
  state.document = [grant]
  assert.deepEqual(await grants(), [grant])
})

for (const [wrong, fault] of [
  [[grant, { ...grant, action: 'write' }], /\[1\]\.action\\*" must be one of/],
  [{ grants: [] }, /it must be a JSON list/],
  [undefined, /it must be a JSON list/],
] as const)
  test(`the version before a wrong one stays: ${JSON.stringify(wrong)}`, async () => {
    const { clock, state, grants, lines } = startGrants([grant])
    await grants()
    state.document = wrong
    for (let times = 0; times < 10; times++) {
      clock.now += 3000
      assert.deepEqual(await grants(), [grant])
    }
    assert.equal(lines.length, 1, 'once a minute')
    assert.match(lines[0] ?? '', fault)
    assert.match(lines[0] ?? '', /^\{"what":"access\.grants_wrong"/)
    const fresh = startGrants(wrong)
    await assert.rejects(fresh.grants(), fault, 'it is not taken for no grants')
  })

test('a version older than the known one, of a replica that lags, changes nothing', async () => {
  const clock = { now: 1_900_000_000_000 }
  let found: { grants: object[]; _ts: number } | undefined = { grants: [grant], _ts: 20 }
  const read = createDocumentGrants(async () => found, { now: () => clock.now })
  const grants = async () => (await read()).grants
  const next = (given: typeof found) => {
    found = given
    clock.now += 3000
    return grants()
  }
  assert.deepEqual(await grants(), [grant])
  assert.deepEqual(await next({ grants: [], _ts: 19 }), [grant])
  assert.deepEqual(await next({ grants: [other], _ts: 20 }), [other], 'in the same second')
  assert.deepEqual(await next({ grants: [], _ts: 21 }), [])
  assert.deepEqual(await next({ grants: [grant], _ts: 22 }), [grant])
})

test('a missing document is certain after a minute, by a read', async () => {
  const { clock, state, grants, isCertain } = startGrants('none')
  assert.deepEqual(await grants(), [], 'who publishes or subscribes is refused at once')
  assert.equal(await isCertain(), false)
  clock.now += 30_000
  assert.equal(await isCertain(), false)
  state.document = 'unreadable'
  clock.now += 40_000
  assert.equal(await isCertain(), false, 'it was seen missing once')
  state.document = 'none'
  assert.equal(await isCertain(), true)
  state.document = [grant]
  clock.now += 3000
  assert.equal(await isCertain(), true)
  state.document = 'none'
  clock.now += 3000
  assert.deepEqual([await grants(), await isCertain()], [[grant], false])
})

test('grants that cannot be read now are not certain: another may be there', async () => {
  const { clock, state, grants, isCertain } = startGrants([grant])
  assert.equal(await isCertain(), true)
  state.document = 'unreadable'
  clock.now += 3000
  assert.deepEqual([await grants(), await isCertain()], [[grant], false])
})

test('a document that is gone is logged once a minute, and one that never was is not', async () => {
  const { clock, state, grants, lines } = startGrants([grant])
  await grants()
  state.document = 'none'
  for (let times = 0; times < 10; times++) {
    clock.now += 3000
    await grants()
  }
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [{ what: 'access.grants_wrong', reason: 'the document is gone' }],
  )
  const never = startGrants('none')
  await never.grants()
  never.clock.now += 90_000
  await never.grants()
  assert.deepEqual(never.lines, [])
})
