// tsyringe, below x509, ends at its import without it.
import 'reflect-metadata'
import { createPrivateKey, randomBytes, type webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { KeyPair } from './key-pair.ts'

// Makes certificates: the only file that knows the library. Loading it costs more than making one, so it is imported
// when something must be made, which on most starts is never.

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** From when to when it is good, ms; written in whole seconds. */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

/** A certificate authority that signs with its own key, and may sign servers only, no further authorities. */
export async function makeAuthority(commonName: string, validity: Validity): Promise<KeyPair> {
  const keys = await makeKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ keys, signingAlgorithm: algorithm, serialNumber: newSerialNumber(), name: [{ CN: [commonName] }] },
    ...datesOf(validity),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { keyPem: await exportKey(keys.privateKey), certificatePem: pemOf(certificate) }
}

/** A server certificate of the authority for these DNS names and addresses, with a fresh key. */
export async function makeServerCertificate(
  authority: KeyPair,
  names: readonly string[],
  validity: Validity,
): Promise<KeyPair> {
  const keys = await makeKeys()
  const issuer = new X509Certificate(authority.certificatePem)
  const signingKey = createPrivateKey(authority.keyPem).toCryptoKey(algorithm, false, ['sign'])
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(
      names.map(value => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
    ),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export()),
  ]
  const certificate = await X509CertificateGenerator.create({
    ...{ signingKey, signingAlgorithm: algorithm, publicKey: keys.publicKey, serialNumber: newSerialNumber() },
    ...{ issuer: issuer.subjectName, subject: [{ CN: ['edr-lake'] }], extensions },
    ...datesOf(validity),
  })
  return { keyPem: await exportKey(keys.privateKey), certificatePem: pemOf(certificate) }
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets. */
function newSerialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

function datesOf({ notBefore, notAfter }: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(notBefore), notAfter: new Date(notAfter) }
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await crypto.subtle.exportKey('pkcs8', key))
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n')
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`
}
