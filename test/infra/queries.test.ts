import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read, resourcesOf, templates } from '../support/bicep.ts'
import { faultsOf } from '../support/kusto.ts'
import { logQueries, queryFiles } from '../support/log-queries.ts'
import { workbookFaults } from '../support/workbook-schema.ts'

// One query, one file: infra/queries/*.kql, shared by the run book, the alerts and the workbook.
const workbook = JSON.parse(String(resourcesOf('prod').only('workbooks').serializedData))
const items: { type: number; name: string; content: { query?: string } }[] = workbook.items

test('Log Analytics accepts every query, alone and with the condition of each alert', () => {
  assert.ok(queryFiles.length > 15 && logQueries.length > queryFiles.length + 10)
  for (const query of logQueries) assert.deepEqual(faultsOf(query), [], query)
  assert.notDeepEqual(faultsOf('AppTraces | where Mesage == 1'), [])
})

test('every query says in its first line what it shows, and leaves the time to whoever asks', () => {
  for (const { file, text } of queryFiles) {
    assert.match(text, /^\/\/ \S.*\n[^/]/, file)
    assert.doesNotMatch(text, /TimeGenerated [<>]|ago\(/, file)
  }
})

test('the run book names every query, and every query that a template loads is there', () => {
  const named = namesIn(read('docs/operations.md'), /\.\.\/infra\/queries\/([\w-]+)\.kql\)/g)
  const all = queryFiles.map(({ name }) => name)
  assert.deepEqual(named.toSorted(), all.toSorted())
  assert.ok(loaded('alerts').length > 5)
  for (const name of [...loaded('alerts'), ...loaded('workbook')])
    assert.ok(all.includes(name), name)
})

test('the queries of alerts and workbook are their files', () => {
  const { ofType } = resourcesOf('prod')
  const alerts = ofType('scheduledQueryRules').map(({ properties }) =>
    String(Object(properties['criteria']).allOf[0].query),
  )
  for (const query of alerts)
    assert.ok(
      queryFiles.some(({ text }) => query.startsWith(text)),
      query,
    )
  const shown = items.flatMap(({ name, content: { query } }) =>
    query === undefined ? [] : [[name, query]],
  )
  assert.ok(shown.length > 10)
  for (const [name, query] of shown)
    assert.equal(query, queryFiles.find((each) => each.name === name)?.text, name)
  assert.deepEqual(new Set(shown.map(([name]) => name)), new Set(loaded('workbook')))
})

test('the workbook has only items that Azure Monitor knows, and the portal has a name for each', () => {
  assert.deepEqual(workbookFaults(workbook), [])
  const names = items.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  const [first, ...others] = items
  assert.notDeepEqual(
    workbookFaults({ ...workbook, items: [{ ...first, type: 3 }, ...others] }),
    [],
  )
  assert.notDeepEqual(workbookFaults({ ...workbook, items: [{ ...first, type: 2 }] }), [])
})

test('the workbook’s charts are of resources of the deployment', () => {
  const ids = resourcesOf('prod').all.map(({ id }) => id.toLowerCase())
  const asked = items.flatMap(({ content }): string[] => Object(content).resourceIds ?? [])
  assert.equal(asked.length, 2)
  for (const id of [...asked, ...workbook.fallbackResourceIds])
    assert.ok(ids.includes(id.toLowerCase()), id)
})

/** The queries that a module loads. */
function loaded(module: string): string[] {
  const [, text = ''] = templates.find(([file]) => file.endsWith(`modules/${module}.bicep`)) ?? []
  return namesIn(text, /loadTextContent\('\.\.\/queries\/([\w-]+)\.kql'\)/g)
}

function namesIn(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))]
}
