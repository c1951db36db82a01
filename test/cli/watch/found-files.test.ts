import assert from 'node:assert/strict'
import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { findFiles, isLogName, isRotationOf } from '../../../src/cli/watch/found-files.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const nobody = () => false

test('what is a log by its name', () => {
  const logs = [
    ...['osqueryd.results.log', 'osqueryd.snapshots.log', 'a.json', 'a.ndjson', 'A.LOG', 'x.log.1', 'x.log.12.gz'],
    ...['x.log-20260203', 'x.log-20260203-1738.gz', 'x.log.2.zst', 'x.ndjson.gz', 'x-2026-02-03T08-14-55.628.log.gz'],
  ]
  const others = [
    ...[
      'osqueryd.INFO',
      'osqueryd.pid',
      '.x.log',
      'log',
      '.log',
      'x.log~',
      'x.log.swp',
      'x.log.1.tmp',
      'x.logs',
      'x.jsonl',
    ],
    ...['osqueryd.results.log.1.part', 'x.log (copy)', 'x.log.1 2'],
  ]
  assert.deepEqual([...logs, ...others].filter(isLogName), logs)
})

test('what a file is rotated to', () => {
  const cases: [string, readonly string[], readonly string[]][] = [
    [
      'osqueryd.results.log',
      [
        ...[
          'osqueryd.results.log',
          'osqueryd.results.log.1',
          'osqueryd.results.log.2.gz',
          'osqueryd.results.log.3.zst',
        ],
        ...['osqueryd.results.log-20260203', 'osqueryd.results.log-20260203.gz', 'osqueryd.results.1.log'],
        ...['osqueryd.results-2026-02-03T08-14-55.628.log', 'osqueryd.results-2026-02-03T08-14-55.628.log.gz'],
      ],
      [
        'osqueryd.snapshots.log',
        'osqueryd.results.logs',
        'osqueryd.results',
        'osqueryd.results-old.log',
        'x.results.log',
      ],
    ],
    ['osqueryd.log', ['osqueryd.log', 'osqueryd.log.1'], ['osqueryd.results.log', 'osqueryd.results.log.1']],
    [
      'osquery_result',
      ['osquery_result', 'osquery_result-2026-02-03T08-14-55.628', 'osquery_result.1.gz'],
      ['osquery_results', 'osquery_result 2', 'osquery'],
    ],
  ]
  for (const [base, yes, no] of cases) {
    assert.deepEqual(
      [...yes, ...no].filter(name => isRotationOf(base, name)),
      yes,
      base,
    )
  }
})

test('directories, files, patterns and links: each file once, the one written last is last', async t => {
  const folder = temporaryFolder(t, { 'b.log': 'b', 'b.log.1': 'bb', 'other.txt': '', 'c.json': 'c', 'a.INFO': '' })
  mkdirSync(join(folder, 'd.log'))
  writeFileSync(join(folder, 'd.log', 'deep.log'), '')
  symlinkSync(join(folder, 'b.log'), join(folder, 'link.log'))
  symlinkSync(join(folder, 'nowhere'), join(folder, 'broken.log'))
  linkSync(join(folder, 'c.json'), join(folder, 'hard.json'))
  utimesSync(join(folder, 'b.log'), 30, 30)
  utimesSync(join(folder, 'b.log.1'), 10, 10)
  utimesSync(join(folder, 'c.json'), 20, 20)
  utimesSync(join(folder, 'other.txt'), 5, 5)
  const namesIn = async (...names: string[]) => {
    const { files, problems } = await findFiles(names, folder, nobody)
    assert.deepEqual(problems, [])
    return files.map(({ name, bytes }) => `${name} ${bytes}`)
  }
  assert.deepEqual(await namesIn('.'), ['b.log.1 2', 'c.json 1', 'b.log 1'])
  assert.deepEqual(await namesIn(folder, 'b.log'), ['b.log.1 2', 'c.json 1', 'b.log 1'])
  assert.deepEqual(await namesIn('b.log'), ['b.log.1 2', 'b.log 1'])
  assert.deepEqual(await namesIn('*.txt', 'd.log/*'), ['other.txt 0', 'd.log/deep.log 0'])
  // Not there yet, or any more.
  assert.deepEqual(await namesIn('later.log', 'nowhere/x.log', 'nothing*.log'), [])
  const [first] = (await findFiles(['b.log'], folder, nobody)).files
  assert.match(first?.id ?? '', /^\d+:\d+$/)
})

test('a file that is followed stays so under whatever name in its directory', async t => {
  const folder = temporaryFolder(t, { 'x.log': '1', 'y.txt': '2' })
  const [file] = (await findFiles(['x.log'], folder, nobody)).files
  renameSync(join(folder, 'x.log'), join(folder, 'saved by hand'))
  const found = await findFiles(['x.log'], folder, id => id === file?.id)
  assert.deepEqual(
    found.files.map(({ name, id }) => [name, id]),
    [['saved by hand', file?.id]],
  )
  rmSync(join(folder, 'saved by hand'))
  assert.deepEqual(await findFiles(['x.log'], folder, id => id === file?.id), { files: [], problems: [] })
})

test('a directory that may not be read is a problem, and costs the others nothing', {
  skip: process.getuid?.() === 0 && 'root may read everything',
}, async t => {
  const folder = temporaryFolder(t, { 'x.log': '1' })
  mkdirSync(join(folder, 'closed'), { mode: 0o000 })
  const { files, problems } = await findFiles(['closed', 'x.log'], folder, nobody)
  assert.deepEqual([files.length, problems], [1, ['cannot read closed: you may not read it']])
})
