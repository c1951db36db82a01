import assert from 'node:assert/strict'
import test from 'node:test'
import { commandWords, readValue } from '../../../web/src/inspector/value-reading.ts'

test('JSON is laid out, wherever it stands; what only looks like it stays', () => {
  assert.deepEqual(readValue('raw', '{"a":[1]}'), { kind: 'json', text: '{\n  "a": [\n    1\n  ]\n}' })
  assert.deepEqual(readValue('list', ['a']), { kind: 'json', text: '[\n  "a"\n]' })
  assert.deepEqual(readValue('raw', '{broken'), { kind: 'text', text: '{broken' })
  assert.deepEqual(readValue('raw', null), { kind: 'null' })
})

test('a long command line is cut at its options, nothing is lost', () => {
  const text = 'powershell.exe -NoProfile -ExecutionPolicy Bypass -File "C:\\My Scripts\\a.ps1" /q out.txt extra'
  const reading = readValue('cmdline', text)
  assert.deepEqual(reading, {
    kind: 'command',
    words: [
      'powershell.exe',
      '-NoProfile',
      '-ExecutionPolicy Bypass',
      '-File "C:\\My Scripts\\a.ps1"',
      '/q out.txt',
      'extra',
    ],
  })
  assert.equal(commandWords(text).join(' '), text)
  assert.equal(readValue('cmdline', 'ls -l').kind, 'text')
})

test('hashes, moments and process ids are explained', () => {
  assert.deepEqual(readValue('h', 'ab'.repeat(32)), { kind: 'text', text: 'ab'.repeat(32), note: 'SHA-256' })
  assert.deepEqual(readValue('time', 1_769_846_400), {
    kind: 'text',
    text: '1769846400',
    note: 'as a moment: 2026-01-31 08:00:00 UTC',
  })
  assert.deepEqual(readValue('sophos_pid', '4120:132537600000000000'), {
    kind: 'text',
    text: '4120:132537600000000000',
    note: 'process 4120, started 2020-12-30 00:00:00 UTC',
  })
})
