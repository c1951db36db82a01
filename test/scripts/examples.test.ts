import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { exampleLogs, examplesFolder } from '../../scripts/write-examples.ts'

test('examples/logs holds what scripts/write-examples.ts writes', () => {
  const written = exampleLogs()
  const files = readdirSync(examplesFolder).filter(name => name.endsWith('.log'))
  assert.deepEqual(files.toSorted(), [...written.keys()].toSorted())
  for (const [name, text] of written) {
    assert.ok(readFileSync(join(examplesFolder, name), 'utf8') === text, `${name} differs: run the script again`)
  }
})
