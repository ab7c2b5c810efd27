import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { isIndexed } from '../../local/emulators/indexing-policy.ts'
import { database, query, useDatabase } from './cosmos-fixture.ts'

before(useDatabase())

test('a container without an indexing policy indexes everything but pairs', async () => {
  const { container } = await database.containers.create({ id: 'default', partitionKey: '/k' })
  await container.items.create({ id: '1', k: 'k', a: { b: ['x', 'y'] } })
  assert.deepEqual(await query(container, "SELECT VALUE c.id FROM c WHERE c.a.b[1] = 'y'"), ['1'])
  assert.deepEqual(await query(container, 'SELECT VALUE c.id FROM c ORDER BY c._ts'), ['1'])
  await assert.rejects(query(container, 'SELECT * FROM c ORDER BY c.k, c.id'), { code: 400 })
  await assert.rejects(query(container, "SELECT * FROM c WHERE c._etag = 'x'"), { code: 400 })
})

test('the more precise of two index paths wins', () => {
  const policy = {
    includedPaths: [
      { path: '/*' },
      { path: '/a/b/?' },
      { path: '/c/*' },
      { path: '/"e-f"/[]/?' },
      { path: '/h/*' },
    ],
    excludedPaths: [
      { path: '/a/*' },
      { path: '/c/d/*' },
      { path: '/e-f/*' },
      { path: '/g/?' },
      { path: '/h/?' },
    ],
  }
  const expected = {
    '/x/y': true,
    '/a': false,
    '/a/c': false,
    '/a/b': true,
    '/a/b/c': false,
    '/c': true,
    '/c/d/e': false,
    '/e-f/[]': true,
    '/e-f': false,
    '/g': false,
    '/g/h': true,
    '/h': false,
    '/h/i': true,
  }
  for (const [path, indexed] of Object.entries(expected)) {
    assert.equal(isIndexed(policy, path), indexed, path)
    assert.equal(isIndexed({ ...policy, indexingMode: 'none' }, path), false, path)
  }
})
