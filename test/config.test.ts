import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import test from 'node:test'
import { environmentName, parseConfig, settingRows, settingsInForce } from '../src/config.ts'
import { AppError } from '../src/model/errors.ts'

test('a flag wins over the environment, the environment over the default', () => {
  assert.equal(parseConfig([], {}).port, 8480)
  assert.equal(parseConfig([], { EDR_LAKE_PORT: '9000' }).port, 9000)
  assert.equal(parseConfig(['--port', '9001'], { EDR_LAKE_PORT: '9000' }).port, 9001)
  assert.equal(parseConfig(['--port=0'], { EDR_LAKE_PORT: '' }).port, 0)
})

test('values are read with their units', () => {
  const config = parseConfig(
    ['--data', 'somewhere', '--worker-memory', '1.5G', '--run-timeout', '90s', '--segment-bytes=1m'],
    { EDR_LAKE_PUBLIC_URL: 'https://lake.example.test/', EDR_LAKE_TRUST_PROXY: '10.0.0.0/8, ::1' },
  )
  assert.equal(config.dataDirectory, resolve('somewhere'))
  assert.equal(config.workerMemoryBytes, 1.5 * 2 ** 30)
  assert.equal(config.runTimeoutMs, 90_000)
  assert.equal(config.segmentBytesMax, 2 ** 20)
  assert.equal(config.publicUrl, 'https://lake.example.test')
  assert.deepEqual(config.trustProxy, ['10.0.0.0/8', '::1'])
})

test('TLS: names are unique and in one spelling, the port may be off, files are found from here', () => {
  const names = ['--tls-name', 'Lake.Example.com., 192.0.2.7,lake.example.com,[2001:DB8:0::7]']
  const config = parseConfig([...names, '--tls-port', 'off', '--tls-cert', 'a.pem'], {})
  assert.deepEqual(config.tlsNames, ['lake.example.com', '192.0.2.7', '2001:db8::7'])
  assert.equal(config.tlsPort, 'off')
  assert.equal(config.tlsCertFile, resolve('a.pem'))
  assert.equal(parseConfig(['--tls-port', '0'], {}).tlsPort, 0)
})

test('what is unset and optional is undefined', () => {
  const { publicUrl, trustProxy, metricsToken } = parseConfig([], {})
  assert.deepEqual([publicUrl, trustProxy, metricsToken], [undefined, undefined, undefined])
})

const refusals: readonly [args: readonly string[], environment: Record<string, string>, message: string][] = [
  [['--prot', '1'], {}, 'unknown flag --prot: `edr-lake config` lists them'],
  [['serve'], {}, 'unexpected argument "serve": see --help'],
  [['--port'], {}, 'flag --port needs a value'],
  [['--port', 'x'], {}, '--port: "x" is not a whole number from 0 to 65535'],
  [['--port', '65536'], {}, '--port: "65536" is not a whole number from 0 to 65535'],
  [['--workers', '0'], {}, '--workers: "0" is not a whole number from 1 to 64'],
  [[], { EDR_LAKE_PORT: '-1' }, 'EDR_LAKE_PORT: "-1" is not a whole number from 0 to 65535'],
  [['--host', ' '], {}, '--host: an empty value is not allowed'],
  [['--public-url', 'lake'], {}, '--public-url: "lake" is not an http or https URL'],
  [['--public-url', 'ftp://x'], {}, '--public-url: "ftp://x" is not an http or https URL'],
  [['--trust-proxy', '10.0.0.0/33'], {}, '--trust-proxy: "10.0.0.0/33" is not an address or a CIDR network'],
  [['--tls-port', '65536'], {}, '--tls-port: "65536" is neither a port from 0 to 65535 nor off'],
  [['--tls-port', 'on'], {}, '--tls-port: "on" is neither a port from 0 to 65535 nor off'],
  [['--tls-name', 'a,b c'], {}, '--tls-name: "b c" is not a DNS name or an address'],
  [['--tls-name', '10.0.0.300'], {}, '--tls-name: "10.0.0.300" is not a DNS name or an address'],
  [['--tls-name', 'https://lake'], {}, '--tls-name: "https://lake" is not a DNS name or an address'],
  [['--tls-name', 'lake:8443'], {}, '--tls-name: "lake:8443" is not a DNS name or an address'],
  [['--tls-key', ' '], {}, '--tls-key: an empty value is not allowed'],
  [['--worker-memory', 'much'], {}, '--worker-memory: "much" is not a size like 512M or 2G'],
  [['--run-timeout', '5'], {}, '--run-timeout: "5" is not a duration like 90s, 15m or 2h'],
  [['--log-level', 'loud'], {}, '--log-level: "loud" is none of trace, debug, info, warn, error, fatal'],
]

for (const [args, environment, message] of refusals) {
  test(`refused: ${[...args, ...Object.entries(environment).map(entry => entry.join('='))].join(' ')}`, () => {
    assert.throws(
      () => parseConfig(args, environment),
      (error: unknown) => error instanceof AppError && error.code === 'invalid_argument' && error.message === message,
    )
  })
}

test('every default parses to what the table shows', () => {
  for (const row of settingRows()) {
    if (row.default === '(unset)') continue
    const byFlag = parseConfig([row.flag, row.default], {})
    assert.deepEqual(byFlag, parseConfig([], {}), row.flag)
    assert.equal(environmentName(row.flag.slice(2)), row.environment)
  }
})

test('regions are named with their hosts', () => {
  const parse = (text: string) => parseConfig(['--region-hosts', text], {}).regionHosts
  assert.deepEqual(parse('eu01=https://eu.example/, us01=http://10.0.0.1:8480'), {
    eu01: 'https://eu.example',
    us01: 'http://10.0.0.1:8480',
  })
  for (const text of [
    'eu01',
    'eu=https://eu.example',
    'eu01=eu.example',
    'eu01=https://eu.example us01=https://x',
    '=x',
  ]) {
    assert.throws(() => parse(text), /^AppError: --region-hosts: /, text)
  }
})

test('settings in force are shown as they would be given, without paths and secrets', () => {
  const tls = ['--tls-name', 'lake.example.com,192.0.2.7', '--tls-key', 'key.pem']
  const given = [...tls, '--region-hosts', 'eu01=https://eu.example', '--workers', '3', '--run-timeout', '90s']
  const shown = settingsInForce(parseConfig([...given, '--worker-memory', '1.5g', '--metrics-token', 'secret'], {}))
  const values = new Map(shown.map(({ name, value }) => [name, value]))
  const wanted = { 'region-hosts': 'eu01=https://eu.example', workers: '3', 'run-timeout': '90s' }
  for (const [name, value] of Object.entries({ ...wanted, 'worker-memory': '1.5G', 'query-span': '(unset)' })) {
    assert.equal(values.get(name), value)
  }
  assert.equal(values.get('tls-name'), 'lake.example.com,192.0.2.7')
  for (const name of ['data', 'metrics-token', 'trust-proxy', 'tls-cert', 'tls-key', 'tls-ca'])
    assert.equal(values.has(name), false)
  for (const { name, value } of shown.filter(each => each.value !== '(unset)')) {
    assert.doesNotThrow(() => parseConfig([`--${name}=${value}`], {}), name)
  }
})
