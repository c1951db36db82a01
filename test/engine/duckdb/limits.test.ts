import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { engineFixture, type Ran, rowsOf, viewOf, writeDataFile } from '../../support/engine-fixtures.ts'

const mib = 1024 * 1024

/** A cross join of `count` digits tables: 10^count rows. */
const digits = (count: number) => {
  const names = Array.from({ length: count }, (_, index) => `d${index}`)
  const value = names.map((name, index) => `${name}.x * ${10 ** index}`).join(' + ')
  const values = '(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))'
  return { value, from: names.map(name => `${values} AS ${name}(x)`).join(', ') }
}

function errorOf(ran: Ran): unknown {
  return ran.outcome.kind === 'failed' ? ran.outcome.error : ran.outcome
}

suite('the bounds of a run', () => {
  test('a result cut by the row cap says so; one of exactly that many rows is whole', async context => {
    const fixture = await engineFixture(context)
    const { value, from } = digits(2)
    const sql = `SELECT ${value} AS n FROM ${from} ORDER BY n`
    const cut = await fixture.run(sql, { limits: { rowsMax: 99 } })
    if (cut.outcome.kind === 'failed') return assert.fail(cut.outcome.error.message)
    assert.equal(cut.outcome.rowCount, 99)
    assert.deepEqual(cut.outcome.truncated, { reason: 'rowsMax', limit: 99, total: 100 })
    const rows = await rowsOf(fixture, cut)
    assert.deepEqual([rows.length, rows.at(-1)], [99, { n: 98 }])
    assert.deepEqual(await rowsOf(fixture, cut, 99), [])
    const whole = await fixture.run(sql, { limits: { rowsMax: 100 } })
    assert.equal(whole.outcome.kind === 'succeeded' && whole.outcome.truncated, undefined)
  })

  test('values nested deeper than a page can render fail the run before it begins', async context => {
    const fixture = await engineFixture(context)
    const nested = (levels: number) => `SELECT ${'list_value('.repeat(levels)}1${')'.repeat(levels)} AS t`
    const deepest = await fixture.run(nested(12))
    assert.deepEqual(await rowsOf(fixture, deepest), [{ t: [[[[[[[[[[[[1]]]]]]]]]]]] }])
    assert.deepEqual(errorOf(await fixture.run(nested(13))), {
      code: 'invalid_argument',
      message:
        "column 't' nests 13 arrays, maps or rows in one another, a result at most 12: " +
        'return it as text with json_format(CAST(… AS json))',
    })
  })

  test('fifty thousand rows come back in order, each once, in pages of any size, twice the same', async context => {
    const fixture = await engineFixture(context)
    const file = await writeDataFile(
      join(fixture.folder, 'a.parquet'),
      `SELECT 'name ' || i AS name, i AS size FROM range(50000) t(i)`,
    )
    const ran = await fixture.run('SELECT name, size FROM "xdr_data" ORDER BY size DESC', {
      view: viewOf({ files: [file] }),
    })
    if (ran.outcome.kind === 'failed') return assert.fail(ran.outcome.error.message)
    const result = { folder: ran.resultFolder, columns: ran.outcome.columns, rowCount: ran.outcome.rowCount }
    for (const size of [2000, 1999, 7001]) {
      let next = 49_999
      for (let first = 0; first < 50_000; first += size) {
        const slice = await fixture.engine.readResult(result, first, size)
        const rows: { name: string; size: number }[] = JSON.parse(slice.json)
        assert.equal(rows.length, Math.min(size, 50_000 - first))
        for (const row of rows) {
          assert.deepEqual(row, { name: `name ${next}`, size: next })
          next -= 1
        }
        if (size === 7001) assert.equal((await fixture.engine.readResult(result, first, size)).json, slice.json)
      }
      assert.equal(next, -1)
    }
  })

  test('huge cells shorten a page instead of breaking it', async context => {
    const fixture = await engineFixture(context)
    const { value, from } = digits(1)
    const ran = await fixture.run(
      `SELECT ${value} AS n, lpad('', 16000000, chr(65 + ${value})) AS t FROM ${from} ORDER BY n`,
    )
    if (ran.outcome.kind === 'failed') return assert.fail(ran.outcome.error.message)
    const result = { folder: ran.resultFolder, columns: ran.outcome.columns, rowCount: 10 }
    const seen: number[] = []
    for (let first = 0; first < 10; ) {
      const slice = await fixture.engine.readResult(result, first, 10)
      assert.ok(slice.rowCount > 0 && slice.json.length < 17 * mib)
      const rows: { n: number; t: string }[] = JSON.parse(slice.json)
      for (const row of rows) {
        assert.equal(row.t.length, 16_000_000)
        seen.push(row.n)
      }
      first += slice.rowCount
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('a result cut by the byte cap says so and keeps its first rows', async context => {
    const fixture = await engineFixture(context)
    const { value, from } = digits(5)
    const ran = await fixture.run(`SELECT n, sin(n) AS s FROM (SELECT ${value} AS n FROM ${from}) AS t ORDER BY n`, {
      limits: { bytesMax: 200_000 },
    })
    if (ran.outcome.kind === 'failed') return assert.fail(ran.outcome.error.message)
    const { rowCount, bytes, truncated } = ran.outcome
    assert.deepEqual([truncated?.reason, truncated?.limit], ['bytesMax', 200_000])
    assert.ok(rowCount > 1000 && rowCount < 100_000 && bytes <= 200_000, `${rowCount} rows in ${bytes} bytes`)
    const rows = (await rowsOf(fixture, ran, rowCount - 2, 10)) as { n: number }[]
    assert.deepEqual(
      rows.map(row => row.n),
      [rowCount - 2, rowCount - 1],
    )
  })

  test('a result whose first rows are too large already fails with the bound', async context => {
    const fixture = await engineFixture(context)
    const { value, from } = digits(3)
    const ran = await fixture.run(`SELECT sin(${value}) AS h FROM ${from}`, { limits: { bytesMax: 500 } })
    assert.deepEqual(errorOf(ran), {
      code: 'too_large',
      message: 'the result is larger than 500 bytes: select fewer columns, or add a LIMIT',
    })
  })

  test('too little memory and too little temporary disk fail the run; the next one works', async context => {
    const fixture = await engineFixture(context, { workerMemoryBytes: 128 * mib, workerTempBytes: 8 * mib })
    const { value, from } = digits(7)
    const sorted = await fixture.run(
      `SELECT lpad(CAST(${value} AS VARCHAR), 100, 'x') AS t FROM ${from} ORDER BY sin(${value})`,
    )
    assert.match(JSON.stringify(errorOf(sorted)), /"too_large".*needs more (memory|temporary disk) than a run may use/)
    const list = await fixture.run(`SELECT lpad('x', 2000000000, 'x') AS t`)
    assert.equal(list.outcome.kind, 'failed')
    assert.deepEqual(await rowsOf(fixture, await fixture.run('SELECT 1 AS one')), [{ one: 1 }])
  })

  test('a run may be given less temporary disk than others, and the next has its own bound', async context => {
    const fixture = await engineFixture(context, { workerMemoryBytes: 224 * mib })
    const { value, from } = digits(6)
    const sql = `SELECT lpad(CAST(${value} AS VARCHAR), 200, 'x') AS t FROM ${from} ORDER BY sin(${value})`
    const bounded = await fixture.run(sql, { limits: { tempBytesMax: 4 * mib } })
    assert.deepEqual(errorOf(bounded), {
      code: 'too_large',
      message: 'the statement needs more temporary disk than a run may use',
    })
    const free = await fixture.run(sql, { limits: { tempBytesMax: 4_096 * mib, rowsMax: 5 } })
    assert.equal(free.outcome.kind === 'succeeded' && free.outcome.truncated?.limit, 5)
  })

  test('what only execution finds fails the run in one sentence', async context => {
    const fixture = await engineFixture(context)
    const { value, from } = digits(3)
    const cases: [string, string, string][] = [
      [
        `SELECT CAST(CASE WHEN n = 777 THEN '/etc/passwd' ELSE '1' END AS INTEGER) AS x FROM (SELECT ${value} AS n FROM ${from})`,
        'invalid_argument',
        `could not convert string '/etc/passwd' to INT32`,
      ],
      ['SELECT no_such AS x', 'invalid_argument', 'referenced column "no_such" was not found'],
      ['SELECT 1 AS x FROM "no_such"', 'invalid_argument', ''],
      ['SELECT (SELECT x FROM (VALUES (1), (2)) t(x)) AS y', 'invalid_argument', ''],
    ]
    for (const [sql, code, message] of cases) {
      const error = errorOf(await fixture.run(sql)) as { code: string; message: string }
      assert.equal(error.code, code, sql)
      if (message !== '') assert.equal(error.message.slice(0, message.length), message)
      assert.doesNotMatch(error.message, /\n|LINE 1|SET |edr-lake-test/)
    }
  })

  test('a data file that is gone or damaged fails the run without naming it', async context => {
    const fixture = await engineFixture(context)
    const gone = join(fixture.folder, 'gone.parquet')
    const expected = { code: 'damaged_file', message: 'a data file of the lake could not be read' }
    const run = (file: string) => fixture.run('SELECT name FROM "xdr_data"', { view: viewOf({ files: [file] }) })
    assert.deepEqual(errorOf(await run(gone)), expected)
    const damaged = join(fixture.folder, 'damaged.parquet')
    await mkdir(damaged)
    assert.deepEqual(errorOf(await run(damaged)), expected)
  })

  test('a result folder that is gone fails the run', async context => {
    const fixture = await engineFixture(context)
    const result = {
      folder: join(fixture.folder, 'nowhere'),
      columns: [{ name: 'a', type: 'int' as const }],
      rowCount: 5,
    }
    await assert.rejects(fixture.engine.readResult(result, 0, 5), {
      code: 'internal',
      message: 'the result of the run could not be read',
    })
    assert.deepEqual(await fixture.engine.readResult(result, 5, 5), { json: '[]', rowCount: 0 })
  })
})
