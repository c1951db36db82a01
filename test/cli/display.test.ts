import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  countOf,
  cutToWidth,
  displayWidth,
  formatCount,
  formatSeconds,
  formatTime,
  harmlessText,
  padToWidth,
  shellWord,
} from '../../src/cli/display.ts'

test('nothing a terminal obeys survives', () => {
  assert.equal(harmlessText('a\u001b[2Jb\r\n\tc\u0007\u009bd'), 'a\\u001b[2Jb\\r\\n\\tc\\u0007\\u009bd')
  assert.equal(harmlessText('evil\u202egpj.exe'), 'evil\\u202egpj.exe')
  assert.equal(harmlessText('grüße 漢字 🐧'), 'grüße 漢字 🐧')
})

test('widths are what a terminal uses', () => {
  assert.equal(displayWidth('abc'), 3)
  assert.equal(displayWidth('漢字'), 4)
  assert.equal(displayWidth('e\u0301'), 1)
  assert.equal(displayWidth('🐧'), 2)
  assert.equal(cutToWidth('漢字漢字', 5), '漢字…')
  assert.equal(cutToWidth('short', 5), 'short')
  assert.equal(cutToWidth('longer', 5), 'long…')
  assert.equal(padToWidth('漢', 4, 'left'), '  漢')
  assert.equal(padToWidth('a', 3, 'right'), 'a  ')
})

test('numbers and times read as people write them', () => {
  assert.equal(formatCount(1234567), '1,234,567')
  assert.equal(formatCount(999), '999')
  assert.equal(countOf(1, 'line'), '1 line')
  assert.equal(countOf(2000, 'line'), '2,000 lines')
  assert.equal(formatSeconds(412), '0.4 s')
  assert.equal(formatSeconds(73_400), '73 s')
  assert.equal(formatTime('2026-02-03T08:15:01.252Z'), '2026-02-03 08:15:01 UTC')
  assert.equal(formatTime(0), '1970-01-01 00:00:00 UTC')
  assert.equal(formatTime('-P7D'), '-P7D')
})

test('a shell word is quoted only where it must be', () => {
  assert.equal(shellWord('./edr-lake'), './edr-lake')
  assert.equal(shellWord('my data'), "'my data'")
  assert.equal(shellWord("it's"), "'it'\\''s'")
  assert.equal(shellWord('$HOME'), "'$HOME'")
})
