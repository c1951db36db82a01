import assert from 'node:assert/strict'
import { test } from 'node:test'
import { osqueryFlags, withOptions } from '../../../src/simulator/agent/flags.ts'

test('options change flags, as numbers, texts or booleans in text', () => {
  const options = {
    logger_tls_period: 10,
    distributed_interval: '30',
    logger_tls_compress: true,
    logger_event_type: 'false',
    pack_delimiter: '/',
    disable_distributed: 0,
  }
  assert.deepEqual(withOptions(osqueryFlags, options), {
    ...osqueryFlags,
    ...{ logger_tls_period: 10, distributed_interval: 30, logger_tls_compress: true, logger_event_type: false },
    ...{ pack_delimiter: '/', disable_distributed: false },
  })
})

test('flags of the command line, unknown ones and nonsense change nothing', () => {
  const options = {
    ...{ config_refresh: 10, tls_enroll_max_attempts: 1, config_tls_max_attempts: 9, tls_accept_gzip: true },
    ...{ host_identifier: 'uuid', logger_tls_period: 'soon', logger_tls_compress: 'maybe', buffered_log_max: -1 },
  }
  assert.equal(JSON.stringify(withOptions(osqueryFlags, options)), JSON.stringify(osqueryFlags))
  for (const none of [undefined, null, 'x', 7]) assert.equal(withOptions(osqueryFlags, none), osqueryFlags)
})
