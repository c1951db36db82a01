import assert from 'node:assert/strict'
import test from 'node:test'
import type { WireSavedQuery } from '../../../src/api/saved-queries.ts'
import { draftOf, groupQueries } from '../../../web/src/library/query-groups.ts'
import { queryNameTemplate } from '../../../web/src/library/templates.ts'

function query(name: string, categoryIds: readonly string[], type: 'canned' | 'custom' = 'canned'): WireSavedQuery {
  const categories = categoryIds.map(id => ({ id }))
  return {
    id: name,
    name,
    description: `about ${name}`,
    type,
    template: 'SELECT 1',
    variables: [],
    categories,
    createdAt: '',
    updatedAt: '',
  }
}

const categories = ['hunt', 'user', 'empty'].map(id => ({
  ...{ id, name: id, description: '', icon: '', type: 'canned' as const, queryCount: 0, createdAt: '', updatedAt: '' },
}))
const queries = [query('a', ['hunt', 'user']), query('b', ['gone']), query('c', ['user'])]

test('a query stands in each of its categories, one without any comes last, empty ones are left out', () => {
  const names = groupQueries({ queries, categories }, '').map(group => [
    group.name,
    group.queries.map(each => each.name),
  ])
  assert.deepEqual(names, [
    ['hunt', ['a']],
    ['user', ['a', 'c']],
    ['Without a category', ['b']],
  ])
})

test('the search looks into names, descriptions and texts', () => {
  assert.deepEqual(
    groupQueries({ queries, categories }, 'ABOUT C').flatMap(group => group.queries.map(each => each.name)),
    ['c'],
  )
  assert.deepEqual(groupQueries({ queries, categories }, 'nothing'), [])
  assert.deepEqual(groupQueries({ queries: [], categories }, ''), [])
})

test("only a tenant's own query can be saved over", () => {
  assert.deepEqual(draftOf(query('a', [])), { title: 'a', template: 'SELECT 1', variables: [] })
  assert.equal(draftOf(query('own', [], 'custom')).savedQueryId, 'own')
})

test('the statement of a query name quotes what needs it', () => {
  assert.equal(
    queryNameTemplate({ name: "it's", columns: ['name', 'odd name', 'meta_hostname'] }),
    'SELECT calendar_time, meta_hostname, name, "odd name"\nFROM xdr_data\n' +
      "WHERE query_name = 'it''s'\nORDER BY calendar_time DESC\nLIMIT 200",
  )
})
