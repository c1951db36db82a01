import assert from 'node:assert/strict'
import test from 'node:test'
import {
  activeTab,
  addTab,
  changeTab,
  chooseTab,
  closeTab,
  firstTabs,
  openTab,
  parseTabs,
  stepTab,
  tabTitle,
} from '../../../web/src/tabs/tabs.ts'

test('a blank tab is used, another one is opened beside the active one', () => {
  const first = openTab(firstTabs(), { template: 'SELECT 1' })
  assert.deepEqual(
    first.list.map(tab => tab.template),
    ['SELECT 1'],
  )
  const window = { kind: 'last', duration: 'P7D' } as const
  const second = openTab(changeTab(first, first.activeId, { window }), { template: 'SELECT 2' })
  assert.deepEqual(
    second.list.map(tab => tab.template),
    ['SELECT 1', 'SELECT 2'],
  )
  assert.equal(activeTab(second).template, 'SELECT 2')
  assert.deepEqual(activeTab(second).window, window)
})

test('closing chooses a neighbour; the last one leaves a blank one', () => {
  const three = ['1', '2', '3'].reduce((tabs, template) => openTab(tabs, { template }), firstTabs())
  const middle = chooseTab(three, three.list[1]!.id)
  assert.equal(activeTab(closeTab(middle, middle.activeId)).template, '3')
  assert.equal(activeTab(closeTab(three, three.activeId)).template, '2')
  const one = closeTab(closeTab(three, three.list[0]!.id), three.list[1]!.id)
  const none = closeTab(one, one.activeId)
  assert.deepEqual([none.list.length, activeTab(none).template], [1, ''])
})

test('stepping goes around the end', () => {
  const tabs = addTab(openTab(firstTabs(), { template: '1' }))
  assert.equal(activeTab(stepTab(tabs, 1)).template, '1')
  assert.equal(activeTab(stepTab(stepTab(tabs, 1), -1)).id, tabs.activeId)
})

test('there are never more than forty', () => {
  let tabs = firstTabs()
  for (let number = 0; number < 60; number += 1) tabs = openTab(tabs, { template: `SELECT ${number}` })
  assert.equal(tabs.list.length, 40)
  assert.equal(activeTab(tabs).template, 'SELECT 59')
})

test('titles: given, else the query name, the table, the text', () => {
  const titleOf = (template: string, title = ''): string => tabTitle({ ...activeTab(firstTabs()), template, title })
  assert.equal(titleOf('SELECT 1', 'Mine'), 'Mine')
  assert.equal(titleOf("SELECT 1 FROM xdr_data WHERE query_name = 'ports'"), 'ports')
  assert.equal(titleOf("SELECT 1 FROM xdr_data WHERE query_name = '$$x$$'"), 'xdr_data')
  assert.equal(titleOf('SELECT\n 1'), 'SELECT 1')
  assert.equal(titleOf(' \n'), 'New query')
})

test('what was kept comes back, whatever it is', () => {
  const kept = openTab(openTab(firstTabs(), { template: '1', runId: 'r' }), { template: '2', savedQueryId: 's' })
  assert.deepEqual(parseTabs(JSON.parse(JSON.stringify(kept))), kept)
  for (const broken of [undefined, null, 5, 'x', [], {}, { list: [null, 1, {}], activeId: 3 }, { list: 'x' }]) {
    assert.equal(activeTab(parseTabs(broken)).template, '', JSON.stringify(broken))
  }
  const odd = parseTabs({
    list: [{ id: 'a', template: 'x', window: { kind: 'last' }, variables: [5, { name: 'n' }] }],
    activeId: 'b',
  })
  assert.deepEqual(odd, {
    activeId: 'a',
    list: [{ id: 'a', template: 'x', title: '', variables: [], window: { kind: 'last', duration: 'PT24H' } }],
  })
})
