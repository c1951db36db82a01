import type { X509Certificate } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { tlsAuthorityMs, tlsBackdatedMs, tlsRenewBeforeMs, tlsServerCertificateMs } from '../limits.ts'
import { AppError } from '../model/errors.ts'
import { type CertificateFacts, certificatesIn, checkKeyPair, factsOf, type KeyPair } from './key-pair.ts'
import { readIfThere, writePrivately } from './private-file.ts'

// The lake's own certificate authority, in the data directory's private folder. Every agent is told to trust nothing
// else, so it is made once and never again by itself: where it is gone or damaged, the lake says so and does not start.
// The server's certificate is a matter of the lake alone and is made anew whenever it no longer fits.

const earliestNow = Date.UTC(2026, 0, 1)

/** Below the private folder; each holds the key and the certificate, so that one rename makes both true. */
const authorityName = 'tls-authority.pem'
const serverName = 'tls-server.pem'

export interface LocalAuthority {
  readonly pair: KeyPair
  readonly certificate: X509Certificate
  /** ms. */
  readonly notAfter: number
}

/**
 * The authority in the folder, made on the first call. Throws `unavailable` where it is damaged, or gone while a server
 * certificate of it is still there.
 */
export async function openLocalAuthority(folder: string, id: string, now: number): Promise<LocalAuthority> {
  const file = join(folder, authorityName)
  const text = await readIfThere(file)
  if (text !== undefined) return authorityOf(pairOf(text), file)
  if (readdirSync(folder).includes(serverName)) {
    throw new AppError(
      'unavailable',
      `${file} is gone, and agents trust no other: restore it from a backup; or remove ${serverName} beside it to ` +
        'have a new one made, and give every agent the new CA file',
    )
  }
  // A machine without a battery begins in 1970 until it has asked for the time, and this is not done a second time.
  if (now < earliestNow) {
    throw new AppError('unavailable', `the clock says ${new Date(now).toISOString()}: set it before the first start`)
  }
  const { makeAuthority } = await import('./certificate.ts')
  const validity = { notBefore: now - tlsBackdatedMs, notAfter: now + tlsAuthorityMs }
  const pair = await makeAuthority(`edr-lake ${id}`, validity)
  await writePrivately(file, `${pair.keyPem}${pair.certificatePem}`)
  return authorityOf(pair, file)
}

function authorityOf(pair: KeyPair, file: string): LocalAuthority {
  try {
    const certificate = checkKeyPair(pair, { key: file, certificate: file })
    return { pair, certificate, notAfter: factsOf(certificate).notAfter }
  } catch (error) {
    const message = `${file} is damaged, and agents trust no other: restore it from a backup`
    throw new AppError('unavailable', message, { cause: error })
  }
}

/** Why a server certificate does not fit any more; undefined: it does. */
export type RenewalReason = 'missing' | 'names' | 'expiring'

/** A renewal that gains less than this is none: the authority itself is about to end. */
const renewalGainMsMin = 24 * 3_600_000

/** Decides, from what is read of the certificate in use, the names wanted and the time. */
export function renewalReason(
  current: CertificateFacts | undefined,
  wanted: readonly string[],
  now: number,
  authorityEnds: number,
): RenewalReason | undefined {
  if (current === undefined) return 'missing'
  if (current.names.join() !== wanted.join()) return 'names'
  const isExpiring = current.notAfter - now < tlsRenewBeforeMs
  const gain = endOfServerCertificate(now, authorityEnds) - current.notAfter
  return isExpiring && gain >= renewalGainMsMin ? 'expiring' : undefined
}

function endOfServerCertificate(now: number, authorityEnds: number): number {
  return Math.min(now + tlsServerCertificateMs, authorityEnds)
}

/** The server's certificate as it is in the folder; undefined where none of this authority can be read. */
export async function readServerCertificate(folder: string, authority: LocalAuthority): Promise<KeyPair | undefined> {
  const file = join(folder, serverName)
  const text = await readIfThere(file)
  if (text === undefined) return undefined
  try {
    const certificate = checkKeyPair(pairOf(text), { key: file, certificate: file })
    const isOurs = certificate.checkIssued(authority.certificate) && certificate.verify(authority.certificate.publicKey)
    return isOurs ? pairOf(text) : undefined
  } catch {
    // Half a file of a disk that was full, say: nobody but this server needs it, and it is made anew.
    return undefined
  }
}

/** Makes a server certificate and puts it into the folder. */
export async function renewServerCertificate(
  folder: string,
  authority: LocalAuthority,
  names: readonly string[],
  now: number,
): Promise<KeyPair> {
  const { makeServerCertificate } = await import('./certificate.ts')
  const notAfter = endOfServerCertificate(now, authority.notAfter)
  const pair = await makeServerCertificate(authority.pair, names, { notBefore: now - tlsBackdatedMs, notAfter })
  await writePrivately(join(folder, serverName), `${pair.keyPem}${pair.certificatePem}`)
  return pair
}

function pairOf(text: string): KeyPair {
  const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/.exec(text)?.[0] ?? ''
  return { keyPem: `${key}\n`, certificatePem: certificatesIn(text).join('') }
}
