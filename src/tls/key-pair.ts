import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { AppError } from '../model/errors.ts'
import { canonicalAddress } from '../model/server-name.ts'

// A certificate with its private key: what a TLS server shows and proves.

export interface KeyPair {
  /** PEM, not encrypted. */
  readonly keyPem: string
  /** PEM, the server's own certificate first, then those that lead from it to the authority. */
  readonly certificatePem: string
}

/** What is read of a certificate to decide about it. */
export interface CertificateFacts {
  /** DNS names and addresses, lower case, addresses in their one spelling, sorted. */
  readonly names: readonly string[]
  /** ms. */
  readonly notBefore: number
  readonly notAfter: number
}

const certificateBlock = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g

/** The certificates of a PEM file, each by itself, in order; text around them is left out. */
export function certificatesIn(pem: string): readonly string[] {
  return (pem.match(certificateBlock) ?? []).map(block => `${block}\n`)
}

/** Throws `invalid_argument`; `what` names the file in the message. */
export function readCertificate(pem: string, what: string): X509Certificate {
  const first = certificatesIn(pem)[0]
  if (first === undefined) throw new AppError('invalid_argument', `${what} holds no PEM certificate`)
  try {
    return new X509Certificate(first)
  } catch (error) {
    throw new AppError('invalid_argument', `${what} holds a certificate that cannot be read`, { cause: error })
  }
}

/**
 * Makes sure that a server can use the pair: both can be read, and the key is that of the first certificate. Throws
 * `invalid_argument` naming the file that is wrong.
 */
export function checkKeyPair(
  { keyPem, certificatePem }: KeyPair,
  { key: keyName, certificate: certificateName }: { readonly key: string; readonly certificate: string },
): X509Certificate {
  const certificate = readCertificate(certificatePem, certificateName)
  const key = readKey(keyPem, keyName)
  if (!certificate.checkPrivateKey(key)) {
    throw new AppError(
      'invalid_argument',
      `the key in ${keyName} is not that of the first certificate in ${certificateName}`,
    )
  }
  try {
    createSecureContext({ key: keyPem, cert: certificatePem })
  } catch (error) {
    throw new AppError('invalid_argument', `${certificateName} cannot be used by a TLS server: ${messageOf(error)}`, {
      cause: error,
    })
  }
  return certificate
}

function readKey(pem: string, what: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    const reason = /ENCRYPTED/.test(pem) ? 'is encrypted: give it without a passphrase' : 'holds no PEM private key'
    throw new AppError('invalid_argument', `${what} ${reason}`, { cause: error })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    names: namesOf(certificate),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  }
}

function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  return subjectAltName
    .split(', ')
    .map(part => /^(?:DNS|IP Address):(.*)$/.exec(part)?.[1]?.toLowerCase())
    .filter(name => name !== undefined)
    .map(canonicalAddress)
    .sort()
}
