import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { makeAuthority, makeServerCertificate } from '../../src/tls/certificate.ts'
import { type Certificates, openCertificates } from '../../src/tls/certificates.ts'
import type { KeyPair } from '../../src/tls/key-pair.ts'
import { readOwnCertificate } from '../../src/tls/own-certificate.ts'
import { temporaryFolder } from './temporary-folder.ts'

const now = Date.UTC(2026, 7, 1)
const year = 365 * 86_400_000
const validity = { notBefore: now - year, notAfter: now + year }
const long = { notBefore: now - year, notAfter: now + 20 * year }
const authority = await makeAuthority('Example Root', long)
const stranger = await makeAuthority('Stranger', long)
const server = await makeServerCertificate(authority, ['lake.example.com', '192.0.2.7'], validity)
const other = await makeServerCertificate(authority, ['lake.example.com'], validity)

interface Files {
  readonly certificateFile: string
  readonly keyFile: string
  readonly authorityFile: string
  write(pair: Partial<KeyPair>, authorityPem?: string): void
}

function filesIn(context: TestContext): Files {
  const folder = temporaryFolder(context)
  const [certificateFile, keyFile, authorityFile] = ['cert.pem', 'key.pem', 'ca.pem'].map(name =>
    join(folder, name),
  ) as [string, string, string]
  const files: Files = {
    ...{ certificateFile, keyFile, authorityFile },
    write({ certificatePem, keyPem }, authorityPem) {
      if (certificatePem !== undefined) writeFileSync(certificateFile, certificatePem)
      if (keyPem !== undefined) writeFileSync(keyFile, keyPem)
      if (authorityPem !== undefined) writeFileSync(authorityFile, authorityPem)
    },
  }
  files.write(server, authority.certificatePem)
  return files
}

test('files that belong together are taken as they are, with the authority or without', async context => {
  const files = filesIn(context)
  const names = ['lake.example.com', '192.0.2.7']
  assert.deepEqual(await readOwnCertificate({ ...files, names }), {
    pair: server,
    authorityPem: authority.certificatePem,
  })
  assert.deepEqual(await readOwnCertificate({ ...files, authorityFile: undefined, names: [] }), {
    pair: server,
    authorityPem: undefined,
  })
})

test('the authority may be one of several, in a file with text, or the certificate itself', async context => {
  const files = filesIn(context)
  const read = async () => (await readOwnCertificate({ ...files, names: [] })).authorityPem
  files.write({}, `# roots\n${stranger.certificatePem}\nExample\n${authority.certificatePem}`)
  assert.equal(await read(), `${stranger.certificatePem}${authority.certificatePem}`)
  files.write({}, server.certificatePem)
  assert.equal(await read(), server.certificatePem)
})

test('whatever is wrong is one sentence with the setting and the file', async context => {
  const files = filesIn(context)
  const { certificateFile, keyFile, authorityFile } = files
  const encrypted = createPrivateKey(server.keyPem)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
  const damaged = server.certificatePem.replace(/\n.{40}/, '\nAAAA')
  const cases: readonly [what: Partial<KeyPair> & { authorityPem?: string; names?: string[] }, message: string][] = [
    [{ certificatePem: '' }, `--tls-cert ${certificateFile} holds no PEM certificate`],
    [{ certificatePem: server.keyPem }, `--tls-cert ${certificateFile} holds no PEM certificate`],
    [{ certificatePem: damaged }, `--tls-cert ${certificateFile} holds a certificate that cannot be read`],
    [{ keyPem: server.certificatePem }, `--tls-key ${keyFile} holds no PEM private key`],
    [{ keyPem: encrypted }, `--tls-key ${keyFile} is encrypted: give it without a passphrase`],
    [
      { keyPem: other.keyPem },
      `the key in --tls-key ${keyFile} is not that of the first certificate in --tls-cert ${certificateFile}`,
    ],
    [
      { names: ['lake.example.org'] },
      `--tls-cert ${certificateFile} is not for lake.example.org of --tls-name: it is for 192.0.2.7, lake.example.com`,
    ],
    [
      { names: ['192.0.2.8'] },
      `--tls-cert ${certificateFile} is not for 192.0.2.8 of --tls-name: it is for 192.0.2.7, lake.example.com`,
    ],
    [{ authorityPem: 'x' }, `--tls-ca ${authorityFile} holds no PEM certificate`],
    [
      { authorityPem: stranger.certificatePem },
      `--tls-cert ${certificateFile} is not signed by --tls-ca ${authorityFile}: put the certificates between them ` +
        'behind the first one in --tls-cert',
    ],
  ]
  for (const [{ authorityPem, names = [], ...pair }, message] of cases) {
    files.write(server, authority.certificatePem)
    files.write(pair, authorityPem)
    await assert.rejects(readOwnCertificate({ ...files, names }), { code: 'invalid_argument', message })
  }
  const missing = { ...files, certificateFile: `${certificateFile}.gone`, names: [] }
  await assert.rejects(readOwnCertificate(missing), {
    code: 'invalid_argument',
    message: `--tls-cert ${certificateFile}.gone cannot be read (ENOENT)`,
  })
  writeFileSync(keyFile, Buffer.alloc(2 ** 20 + 1))
  await assert.rejects(readOwnCertificate({ ...files, names: [] }), { message: `--tls-key ${keyFile} is no PEM file` })
})

interface Opened extends AsyncDisposable {
  readonly certificates: Certificates
  readonly served: KeyPair[]
  readonly said: string[]
}

async function open(files: Files, clock = () => now): Promise<Opened> {
  const [served, said]: [KeyPair[], string[]] = [[], []]
  const say = (_facts: unknown, message: string) => void said.push(message)
  const certificates = await openCertificates({
    source: { kind: 'own', ...files, names: [] },
    ...{ clock, log: { info: say, warn: say, error: say }, checkMs: 0 },
  })
  certificates.onChange(pair => served.push(pair))
  return { certificates, served, said, [Symbol.asyncDispose]: async () => certificates.close() }
}

test('changed files are served; half a change is not, and is said once', async context => {
  const files = filesIn(context)
  await using opened = await open(files)
  const { certificates, served, said } = opened
  await certificates.check()
  assert.deepEqual([served, said], [[], []])

  files.write({ certificatePem: other.certificatePem })
  await certificates.check()
  await certificates.check()
  assert.deepEqual([served, certificates.current()], [[], server])
  assert.match(certificates.problem() ?? '', /^the key in --tls-key .* is not that of the first certificate/)
  assert.deepEqual(said, ['tls certificate not replaced: the one in use stays'])

  files.write({ keyPem: other.keyPem })
  await certificates.check()
  assert.deepEqual([served, certificates.current(), certificates.problem()], [[other], other, undefined])
})

test('nobody renewed it: said two weeks ahead, every day, and still served when it has ended', async context => {
  let time = validity.notAfter - 14 * 86_400_000
  await using opened = await open(filesIn(context), () => time)
  const warning = 'tls certificates end: docs/osquery.md says what to do'
  assert.deepEqual(opened.said, [])
  time += 1
  await opened.certificates.check()
  await opened.certificates.check()
  assert.deepEqual(opened.said, [warning])
  time = validity.notAfter + 1
  await opened.certificates.check()
  assert.deepEqual(opened.said, [warning, warning])
  assert.deepEqual(opened.certificates.current(), server)
})
