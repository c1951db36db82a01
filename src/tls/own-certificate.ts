import type { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { tlsFileBytesMax } from '../limits.ts'
import { AppError, systemErrorCode } from '../model/errors.ts'
import { certificatesIn, checkKeyPair, factsOf, type KeyPair, readCertificate } from './key-pair.ts'

// The operator's own certificate. What would only show when an agent refuses it is looked for when it is read.

export interface OwnCertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
  /** What agents verify it with; undefined: the public authorities that osquery ships. */
  readonly authorityFile: string | undefined
  /** Names under which agents call the lake. */
  readonly names: readonly string[]
}

export interface OwnCertificate {
  readonly pair: KeyPair
  readonly authorityPem: string | undefined
}

/** Certificates between the server's and the authority's. */
const chainMax = 10

/**
 * Reads and checks the files. Throws `invalid_argument`, one sentence with the setting and the file: they cannot be
 * read, do not belong together, are not for one of the names, or do not lead to the authority. An expired certificate
 * is no error here: a lake without agents is better than none.
 */
export async function readOwnCertificate(files: OwnCertificateFiles): Promise<OwnCertificate> {
  const [certificateName, keyName] = [`--tls-cert ${files.certificateFile}`, `--tls-key ${files.keyFile}`]
  const pair = {
    certificatePem: await readPem(files.certificateFile, certificateName),
    keyPem: await readPem(files.keyFile, keyName),
  }
  const certificate = checkKeyPair(pair, { key: keyName, certificate: certificateName })
  const missing = files.names.find(name => !isFor(certificate, name))
  if (missing !== undefined) {
    const names = factsOf(certificate).names.join(', ') || 'no name at all'
    throw new AppError('invalid_argument', `${certificateName} is not for ${missing} of --tls-name: it is for ${names}`)
  }
  if (files.authorityFile === undefined) return { pair, authorityPem: undefined }
  const authorityPem = await readAuthority(files.authorityFile)
  if (!leadsTo(certificate, pair.certificatePem, authorityPem)) {
    const hint = 'put the certificates between them behind the first one in --tls-cert'
    throw new AppError(
      'invalid_argument',
      `${certificateName} is not signed by --tls-ca ${files.authorityFile}: ${hint}`,
    )
  }
  return { pair, authorityPem }
}

/** The certificates in the file of `--tls-ca` without the text around them. Throws `invalid_argument`. */
export async function readAuthority(file: string): Promise<string> {
  const what = `--tls-ca ${file}`
  const pem = await readPem(file, what)
  readCertificate(pem, what)
  return certificatesIn(pem).join('')
}

async function readPem(file: string, what: string): Promise<string> {
  try {
    if ((await stat(file)).size > tlsFileBytesMax) throw new AppError('invalid_argument', `${what} is no PEM file`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('invalid_argument', `${what} cannot be read (${systemErrorCode(error)})`, { cause: error })
  }
}

/** As an agent compares; without the common name, which osquery's library reads no more. */
function isFor(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined
  return certificate.checkHost(name, { subject: 'never' }) !== undefined
}

/** Whether each certificate is signed by a next one that was given, up to one of the authority's file. */
function leadsTo(certificate: X509Certificate, chainPem: string, authorityPem: string): boolean {
  const read = (pem: string) => certificatesIn(pem).map(each => readCertificate(each, 'it'))
  const authorities = read(authorityPem)
  const chain = read(chainPem)
  let current = certificate
  for (let depth = 0; depth < chainMax; depth += 1) {
    if (authorities.some(each => each.fingerprint256 === current.fingerprint256)) return true
    const next = [...authorities, ...chain].find(each => isSignedBy(current, each))
    if (next === undefined || next.fingerprint256 === current.fingerprint256) return false
    current = next
  }
  return false
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}
