import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { engineFixture, rowsOf, viewOf, writeDataFile } from '../../support/engine-fixtures.ts'

suite('the DuckDB engine', () => {
  test('runs a statement over narrow files and pages its rows', async context => {
    const fixture = await engineFixture(context)
    const ports = await writeDataFile(
      join(fixture.folder, 'a.parquet'),
      `SELECT 'listening_ports' AS query_name, TIMESTAMP '2026-02-01 10:00:00' + INTERVAL (i) SECOND AS calendar_time,
       'h1' AS endpoint_id, i::INTEGER AS port, 7::BIGINT AS row_segment, i AS row_ordinal FROM range(3) t(i)`,
    )
    const names = await writeDataFile(
      join(fixture.folder, 'b.parquet'),
      `SELECT 'processes' AS query_name, TIMESTAMP '2026-02-01 11:00:00.123' AS calendar_time, 'h2' AS endpoint_id,
       'sh "x"' AS name, 9007199254740993::BIGINT AS size, 8::BIGINT AS row_segment, 0::BIGINT AS row_ordinal`,
    )
    const view = viewOf({ files: [ports, names] })
    const ran = await fixture.run(
      'SELECT query_name, calendar_time, endpoint_id AS "Host", name, port, size FROM "xdr_data" ORDER BY calendar_time DESC',
      { view },
    )
    assert.deepEqual(ran.outcome.kind === 'succeeded' && { ...ran.outcome, bytes: 0 }, {
      kind: 'succeeded',
      columns: [
        { name: 'query_name', type: 'string' },
        { name: 'calendar_time', type: 'timestamp' },
        { name: 'Host', type: 'string' },
        { name: 'name', type: 'string' },
        { name: 'port', type: 'int' },
        { name: 'size', type: 'long' },
      ],
      rowCount: 4,
      bytes: 0,
      truncated: undefined,
    })
    if (ran.outcome.kind === 'failed') return
    const result = { folder: ran.resultFolder, columns: ran.outcome.columns, rowCount: 4 }
    const slice = await fixture.engine.readResult(result, 0, 2)
    assert.equal(
      slice.json,
      '[{"query_name":"processes","calendar_time":"2026-02-01T11:00:00.123Z","Host":"h2","name":"sh \\"x\\"","port":null,"size":9007199254740993},' +
        '{"query_name":"listening_ports","calendar_time":"2026-02-01T10:00:02.000Z","Host":"h1","name":null,"port":2,"size":null}]',
    )
    assert.equal((await rowsOf(fixture, ran)).length, 4)
  })
})
