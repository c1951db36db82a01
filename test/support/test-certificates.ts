import { type Trust, trustIn } from '../../src/simulator/remote/transport.ts'
import { makeAuthority, makeServerCertificate } from '../../src/tls/certificate.ts'

const daysMs = 86_400_000

export interface TestCertificates {
  readonly pem: { readonly key: string; readonly cert: string }
  readonly caPem: string
  /** What a simulated agent is given as its pinned CA. */
  readonly trust: Trust
}

export async function testCertificates(
  names: readonly string[] = ['localhost', '127.0.0.1'],
): Promise<TestCertificates> {
  const validity = { notBefore: Date.now() - daysMs, notAfter: Date.now() + daysMs }
  const authority = await makeAuthority('a test', validity)
  const server = await makeServerCertificate(authority, names, validity)
  return {
    pem: { key: server.keyPem, cert: server.certificatePem },
    caPem: authority.certificatePem,
    trust: trustIn(authority.certificatePem),
  }
}
