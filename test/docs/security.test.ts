import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'

// SECURITY.md names what keeps a promise and what proves it: all of that must be there.

const root = new URL('../../', import.meta.url)
const page = await readFile(new URL('SECURITY.md', root), 'utf8')

test('every file the page names exists', () => {
  const named = [...page.matchAll(/`((?:src|test|docs|deploy)\/[^`\s]*)`/g)].map(match => match[1]!)
  assert.ok(named.length > 80)
  assert.deepEqual(
    named.filter(path => !existsSync(new URL(path, root))),
    [],
  )
})

test('each boundary has all six kinds of threats, each with what defends and what tests it', () => {
  const sections = page.split(/^### /m).filter(section => /^[^\n]* → /.test(section))
  assert.equal(sections.length, 6)
  for (const section of sections) {
    const title = section.split('\n')[0]!
    const rows = [...section.matchAll(/^\| ([STRIDE]) \| (.+) \| (.+) \| (.+) \|$/gm)]
    const kinds = new Set(rows.map(row => row[1]))
    assert.deepEqual(
      [...'STRIDE'].filter(kind => !kinds.has(kind)),
      [],
      title,
    )
    for (const [line, , threat, defence, proof] of rows) {
      assert.ok(threat!.length > 0 && defence!.length > 10, line)
      assert.match(proof!, /`test\/[^`]+\.test\.ts`/, line)
    }
  }
})

test('files that are named as tests hold some', async () => {
  const named = [...page.matchAll(/`(test\/[^`]+\.test\.ts)`/g)].map(match => match[1]!)
  for (const path of named) {
    assert.match(await readFile(new URL(path, root), 'utf8'), /^\s*(test|suite)\(/m, path)
  }
})
