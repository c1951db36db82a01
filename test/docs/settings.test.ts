import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { printConfig } from '../../src/cli/commands/config.ts'
import { settingRows } from '../../src/config.ts'
import { recordedEffects } from '../cli/recorded-effects.ts'

test('docs/settings.md is what `edr-lake config --format markdown` prints', async () => {
  const effects = recordedEffects()
  await printConfig(effects, settingRows(), 'markdown')
  assert.equal(readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8'), effects.stdout.text)
})
