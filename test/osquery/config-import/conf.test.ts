import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importConf } from '../../../src/osquery/config-import/conf.ts'

test('what is no object is refused', () => {
  const message = '[1] is no configuration: an object is expected'
  assert.throws(() => importConf('[1]', 'p'), { code: 'invalid_argument', message })
})

test('a pack becomes a pack of the name given', () => {
  const pack = '{\n# finds things\n"platform": "linux", "queries": {"a": {"query": "SELECT 1;", "interval": "60"}}}'
  assert.deepEqual(importConf(pack, 'it'), {
    config: { packs: { it: { platform: 'linux', queries: { a: { query: 'SELECT 1;', interval: '60' } } } } },
    warnings: [],
  })
})

test('a configuration is taken without the flags that only a flagfile can set', () => {
  const text = `{"options": {"config_plugin": "filesystem", "logger_plugin": "filesystem", "schedule_splay_percent": "10"},
    "schedule": {"a": {"query": "SELECT 1", "interval": 1}, "a": {"query": "SELECT 2", "interval": 2}}}`
  assert.deepEqual(importConf(text, 'p'), {
    config: { options: { schedule_splay_percent: '10' }, schedule: { a: { query: 'SELECT 2', interval: 2 } } },
    warnings: [
      { path: 'schedule.a', message: 'is there twice: the last one is taken' },
      { path: 'options.config_plugin', message: "left out: it belongs in the agent's flagfile" },
      { path: 'options.logger_plugin', message: "left out: it belongs in the agent's flagfile" },
    ],
  })
})
