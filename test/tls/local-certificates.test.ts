import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { tlsAuthorityMs, tlsBackdatedMs, tlsServerCertificateMs } from '../../src/limits.ts'
import { AppError } from '../../src/model/errors.ts'
import { type Certificates, openCertificates } from '../../src/tls/certificates.ts'
import { certificatesIn, factsOf, type KeyPair, readCertificate } from '../../src/tls/key-pair.ts'
import { renewalReason } from '../../src/tls/local-authority.ts'
import { temporaryFolder } from './temporary-folder.ts'

const day = 86_400_000
const start = Date.UTC(2026, 7, 1)

/** A lake's certificates on a clock, and with names, of the test's own. */
class Lake {
  now = start
  names: readonly string[] = ['127.0.0.1', 'localhost']
  readonly folder: string
  readonly said: string[] = []
  readonly served: KeyPair[] = []

  constructor(folder: string) {
    this.folder = folder
  }

  async open(): Promise<Certificates> {
    const say = (level: string) => (_facts: unknown, message: string) => void this.said.push(`${level} ${message}`)
    const certificates = await openCertificates({
      source: { kind: 'local', folder: this.folder, id: 'test', names: () => this.names },
      clock: () => this.now,
      log: { info: say('info'), warn: say('warn'), error: say('error') },
      checkMs: 0,
    })
    certificates.onChange(pair => this.served.push(pair))
    return certificates
  }
}

const lakeOf = (context: TestContext) => new Lake(temporaryFolder(context))
const leaf = (pair: KeyPair) => readCertificate(pair.certificatePem, 'it')

test('the first start makes an authority and a server certificate, for their owner only', async context => {
  const lake = lakeOf(context)
  const certificates = await lake.open()
  assert.deepEqual(readdirSync(lake.folder).sort(), ['tls-authority.pem', 'tls-server.pem'])
  for (const name of readdirSync(lake.folder)) assert.equal(statSync(join(lake.folder, name)).mode & 0o777, 0o600)

  const authority = new X509Certificate(certificates.authorityPem() ?? '')
  const server = leaf(certificates.current())
  assert.equal(authority.subject, 'CN=edr-lake test')
  assert.equal(authority.ca, true)
  assert.equal(authority.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.equal(factsOf(authority).notAfter, start + tlsAuthorityMs)
  assert.ok(server.checkIssued(authority) && server.verify(authority.publicKey))
  assert.equal(server.ca, false)
  assert.deepEqual(factsOf(server), {
    names: ['127.0.0.1', 'localhost'],
    notBefore: start - tlsBackdatedMs,
    notAfter: start + tlsServerCertificateMs,
  })
  assert.deepEqual(certificates.ends(), { server: start + tlsServerCertificateMs, authority: start + tlsAuthorityMs })
})

test('a later start has the same; other names have another certificate of the same authority', async context => {
  const lake = lakeOf(context)
  const first = await lake.open()
  const second = await lake.open()
  assert.deepEqual(second.current(), first.current())
  assert.equal(second.authorityPem(), first.authorityPem())
  lake.names = ['127.0.0.1', 'lake.example.com', 'localhost']
  const third = await lake.open()
  assert.equal(third.authorityPem(), first.authorityPem())
  assert.deepEqual(factsOf(leaf(third.current())).names, lake.names)
  assert.notEqual(third.current().keyPem, first.current().keyPem)
})

test('a running lake renews its certificate 30 days before it ends, and no sooner', async context => {
  const lake = lakeOf(context)
  const certificates = await lake.open()
  const first = certificates.current()
  lake.now = start + 60 * day
  await certificates.check()
  assert.deepEqual([certificates.current(), lake.served], [first, []])
  lake.now += 1
  await Promise.all([certificates.check(), certificates.check()])
  assert.equal(lake.served.length, 1)
  assert.deepEqual(certificates.current(), lake.served[0])
  assert.equal(factsOf(leaf(certificates.current())).notAfter, lake.now - 1 + tlsServerCertificateMs)
  assert.equal(factsOf(leaf(certificates.current())).notAfter % 1000, 0)
  assert.deepEqual((await lake.open()).current(), certificates.current(), 'and it is in the folder')
})

test('eighteen years of looks: always valid, one authority, warned of its end two years ahead', async context => {
  const lake = lakeOf(context)
  const certificates = await lake.open()
  const authority = certificates.authorityPem()
  const end = start + tlsAuthorityMs
  for (lake.now = start; lake.now < end - 700 * day; lake.now += 20 * day) {
    await certificates.check()
    assert.ok(certificates.ends().server - lake.now >= 29 * day)
  }
  assert.equal(certificates.authorityPem(), authority)
  assert.ok(lake.said.includes('warn tls certificates end: docs/osquery.md says what to do'))
  const before = lake.said.filter(line => line.startsWith('warn')).length
  await certificates.check()
  await certificates.check()
  assert.equal(lake.said.filter(line => line.startsWith('warn')).length, before + 1, 'once a day')
})

test('a certificate never outlives its authority, and is not made again for nothing', () => {
  const facts = { names: ['a'], notBefore: 0, notAfter: start + 20 * day }
  assert.equal(renewalReason(facts, ['a'], start, start + 20 * day), undefined)
  assert.equal(renewalReason(facts, ['a'], start, start + 22 * day), 'expiring')
  assert.equal(renewalReason(undefined, ['a'], start, start), 'missing')
  assert.equal(renewalReason(facts, ['a', 'b'], start, start), 'names')
})

test('no authority is made by a clock that has not been set', async context => {
  const lake = lakeOf(context)
  lake.now = 60_000
  await assert.rejects(lake.open(), {
    code: 'unavailable',
    message: 'the clock says 1970-01-01T00:01:00.000Z: set it before the first start',
  })
  assert.deepEqual(readdirSync(lake.folder), [])
})

test('a damaged authority is never made anew: the start is refused', async context => {
  const lake = lakeOf(context)
  await lake.open()
  const file = join(lake.folder, 'tls-authority.pem')
  const whole = readFileSync(file, 'utf8')
  for (const damage of ['', whole.slice(0, 300), whole.replace(/PRIVATE KEY-----\n.{20}/, 'PRIVATE KEY-----\n')]) {
    writeFileSync(file, damage)
    await assert.rejects(lake.open(), {
      code: 'unavailable',
      message: `${file} is damaged, and agents trust no other: restore it from a backup`,
    })
    assert.equal(readFileSync(file, 'utf8'), damage)
  }
})

test('an authority that is gone is not replaced in silence, unless the server certificate is removed too', async context => {
  const lake = lakeOf(context)
  const first = await lake.open()
  rmSync(join(lake.folder, 'tls-authority.pem'))
  await assert.rejects(
    lake.open(),
    (error: unknown) =>
      error instanceof AppError &&
      error.code === 'unavailable' &&
      /is gone, and agents trust no other/.test(error.message),
  )
  rmSync(join(lake.folder, 'tls-server.pem'))
  assert.notEqual((await lake.open()).authorityPem(), first.authorityPem())
})

test('a damaged or foreign server certificate is made anew, whatever mode its file has', async context => {
  const [lake, other] = [lakeOf(context), lakeOf(context)]
  const { authorityPem } = await lake.open()
  const foreign = (await other.open()).current()
  const file = join(lake.folder, 'tls-server.pem')
  for (const text of ['', 'nonsense', `${foreign.keyPem}${foreign.certificatePem}`]) {
    writeFileSync(file, text)
    chmodSync(file, 0o644)
    const certificates = await lake.open()
    assert.equal(certificates.authorityPem(), authorityPem())
    assert.ok(leaf(certificates.current()).checkIssued(new X509Certificate(authorityPem() ?? '')))
    assert.equal(statSync(file).mode & 0o777, 0o600)
  }
})

test('a certificate that cannot be written is not served: the one in use stays, and it is said', async context => {
  const lake = lakeOf(context)
  const certificates = await lake.open()
  const first = certificates.current()
  rmSync(lake.folder, { recursive: true })
  lake.names = ['other.example.com']
  await certificates.check()
  await certificates.check()
  assert.deepEqual([certificates.current(), lake.served], [first, []])
  assert.match(certificates.problem() ?? '', /ENOENT/)
  assert.equal(lake.said.filter(line => line.startsWith('warn tls certificate not replaced')).length, 1)
})

test('PEM files hold text and several certificates', () => {
  assert.deepEqual(certificatesIn('nothing'), [])
  const block = '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----'
  assert.deepEqual(certificatesIn(`a root\r\n${block}\nanother\n${block}`), [`${block}\n`, `${block}\n`])
})
