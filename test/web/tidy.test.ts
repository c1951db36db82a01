// The house's rules for the console: what it imports, how its files are named and how long they are, and that nothing
// in it points to another origin.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const webSource = join(root, 'web', 'src')
const packages = ['react', 'react-dom', '@codemirror/', '@lezer/highlight', '@tanstack/react-', 'uplot']
const banned = /(^|\/)(utils?|helpers?|common|services?|managers?|types|index|misc|shared)(\/|\.)/

const files = readdirSync(webSource, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(entry => join(entry.parentPath, entry.name))
  .map(path => ({ path, name: relative(webSource, path), text: readFileSync(path, 'utf8') }))

test('web/ imports the client, the contract and its own packages only', () => {
  const wrong: string[] = []
  for (const { path, name, text } of files.filter(file => /\.tsx?$/.test(file.name))) {
    for (const [, specifier = ''] of text.matchAll(
      /(?:^import|^} from|^import [^\n]* from|\bimport)\s*\(?'([^'\n]+)'/gm,
    )) {
      const target = specifier.startsWith('.') ? relative(root, resolve(dirname(path), specifier)) : undefined
      const isAllowed =
        target === undefined
          ? packages.some(each => specifier === each || specifier.startsWith(each.endsWith('/') ? each : `${each}`))
          : /^(web\/src|src\/client|src\/api)\//.test(target)
      if (!isAllowed) wrong.push(`${name} imports ${specifier}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('the contract is imported for its types only: no schema library in the browser', () => {
  const wrong = files.flatMap(({ name, text }) =>
    [...text.matchAll(/^import (?!type\b)([^'\n]*)'[./]*src\/api\/[^']+'/gm)]
      .filter(([, names = '']) => !/^\{(\s*type \w+,?)+\s*\}/.test(names))
      .map(([line]) => `${name}: ${line}`),
  )
  assert.deepEqual(wrong, [])
})

test('files are named after a noun and stay readable', () => {
  const wrong: string[] = []
  for (const { name, text } of files) {
    if (!/^[a-z0-9-]+(\/[a-z0-9-]+)*\.(tsx?|css)$/.test(name)) wrong.push(`${name} is not kebab-case`)
    if (banned.test(name)) wrong.push(`${name} names no idea`)
    const lines = text.split('\n')
    const linesMax = name.endsWith('.css') ? 500 : 401
    if (lines.length > linesMax) wrong.push(`${name} has ${lines.length} lines`)
    lines.forEach((line, index) => {
      if (line.length > 120 && !/^ +[a-z]+: 'M/.test(line) && name !== 'parts/icon.tsx')
        wrong.push(`${name}:${index + 1} is too long`)
    })
    if (/^export default\b/m.test(text)) wrong.push(`${name} has a default export`)
    if (/\bTODO\b(?!.*#\d+)/.test(text)) wrong.push(`${name} has a TODO without an issue number`)
  }
  assert.deepEqual(wrong, [])
})

test('nothing points to another origin, nothing is put in as HTML', () => {
  const wrong = files
    .filter(({ text }) => /https?:\/\/(?!\\)|dangerouslySetInnerHTML|innerHTML|\beval\(|localStorage.*ecret/.test(text))
    .map(({ name }) => name)
  assert.deepEqual(wrong, [])
})
