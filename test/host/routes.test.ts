// How the local host (local/host) reads route templates. That the first function by name wins is in http.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildRoutes, findRoute } from '../../local/host/routes.ts'
import { describeFunction } from '../../local/host/worker.ts'

type Given = [name: string, route: string, ...methods: string[]]

function tableOf(given: Given[], prefix = 'api') {
  const functions = given.map(([name, route, ...methods]) => {
    const trigger = { type: 'httpTrigger', route, methods: methods.length > 0 ? methods : ['GET'] }
    return describeFunction(
      { name, bindings: { trigger, $return: { type: 'http' } } },
      () => undefined,
    )
  })
  const table = buildRoutes(functions, prefix)
  return (path: string, method = 'GET') => {
    const found = findRoute(table, method, path)
    return found && [found.fn.name, found.params]
  }
}

test('selects between templates by their constraints', () => {
  const find = tableOf([
    ['a-int', 'typed/{id:int}'],
    ['b-guid', 'typed/{id:guid}'],
    ['c-bool', 'typed/{id:BOOL}'],
    ['d-alpha', 'typed/{id:alpha}'],
  ])
  const guid = '0188F7A1-0000-7000-8000-00000000abcd'
  assert.deepEqual(find('/api/typed/-12'), ['a-int', { id: '-12' }])
  assert.deepEqual(find(`/api/typed/${guid}`), ['b-guid', { id: guid }])
  assert.deepEqual(find('/api/typed/True'), ['c-bool', { id: 'True' }])
  assert.deepEqual(find('/api/typed/Ab'), ['d-alpha', { id: 'Ab' }])
  for (const id of ['1a', `${guid}0`, '1.5', '']) assert.equal(find(`/api/typed/${id}`), undefined)
})

test('an optional parameter may be missing, with its slash', () => {
  const find = tableOf([
    ['echo', 'echo/{name?}'],
    ['typed', 'typed/{id:int?}'],
  ])
  assert.deepEqual(find('/api/echo/x'), ['echo', { name: 'x' }])
  for (const path of ['/api/echo', '/api/echo/']) assert.deepEqual(find(path), ['echo', {}], path)
  assert.deepEqual(find('/api/typed'), ['typed', {}])
  assert.equal(find('/api/typed/x'), undefined)
  assert.equal(find('/api/echo/x/y'), undefined)
})

test('a catch-all takes the rest, or nothing', () => {
  const find = tableOf([['rest', 'files/{kind}.{ext}/{*rest}']])
  const params = { kind: 'a', ext: 'b' }
  assert.deepEqual(find('/api/files/a.b/c/d%20e'), ['rest', { ...params, rest: 'c/d e' }])
  assert.deepEqual(find('/api/files/a.b'), ['rest', params])
})

test('matches literals in any case, without special characters', () => {
  const find = tableOf([['dots', 'A.b+(c)/{id}']])
  assert.deepEqual(find('/API/a.B+(C)/x'), ['dots', { id: 'x' }])
  assert.equal(find('/api/aXb+(c)/x'), undefined)
})

test('the prefix is that of host.json, or none', () => {
  assert.deepEqual(tableOf([['one', 'x']], '/v1/y/')('/V1/y/x'), ['one', {}])
  assert.deepEqual(tableOf([['one', 'x']], '')('/x'), ['one', {}])
  assert.equal(tableOf([['one', 'x']], '')('/api/x'), undefined)
})

test('keeps the first by name of equal templates with a common method, and logs the others', (t) => {
  const { mock } = t.mock.method(console, 'log', () => undefined)
  const find = tableOf([
    ['a', 'TWICE/', 'POST', 'PUT'],
    ['b', 'twice', 'get', 'put'],
    ['c', 'twice', 'get'],
    ['d', 'runtime/x'],
    ['e', 'Administrators'],
  ])
  assert.deepEqual(
    mock.calls.map((call) => String(call.arguments[0])),
    [
      '[error] Host: b is left out: its route "twice" is that of a',
      '[error] Host: d is left out: its route "runtime/x" is that of the host itself',
      '[error] Host: e is left out: its route "Administrators" is that of the host itself',
    ],
  )
  assert.deepEqual(find('/api/twice', 'PUT'), ['a', {}])
  assert.deepEqual(find('/api/twice'), ['c', {}])
  assert.equal(find('/api/administrators'), undefined)
})

test('rejects an unsupported template, naming it and the part', () => {
  for (const part of [
    '{id:colour}',
    '{id:min(3)}',
    '{id:int:alpha}',
    '{id=5}',
    '{my-id}',
    '{id',
    'id}',
    '{{id}}',
    '{}',
  ])
    assert.throws(
      () => tableOf([['odd', `x/${part}`]]),
      ({ message }) => message.includes(`x/${part}`) && message.includes('cannot read'),
      part,
    )
})
