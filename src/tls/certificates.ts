import { isDeepStrictEqual } from 'node:util'
import { tlsAuthorityWarnMs, tlsFilesCheckMs, tlsLocalCheckMs, tlsRenewBeforeMs, tlsServerWarnMs } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import type { Log } from '../model/log.ts'
import { certificatesIn, factsOf, type KeyPair, readCertificate } from './key-pair.ts'
import {
  type LocalAuthority,
  openLocalAuthority,
  readServerCertificate,
  renewalReason,
  renewServerCertificate,
} from './local-authority.ts'
import { type OwnCertificateFiles, readOwnCertificate } from './own-certificate.ts'

// The certificate that the TLS listener serves, for as long as the server runs: the lake's own, renewed in time, or the
// operator's, read again when its files change. What cannot be used is said and leaves the one in use as it is.

export type CertificateSource =
  | {
      readonly kind: 'local'
      /** The data directory's private folder. */
      readonly folder: string
      /** Tells this lake's authority from another's, to people who look. */
      readonly id: string
      /** What the server is called now; asked again at each look, because addresses of machines change. */
      readonly names: () => readonly string[]
    }
  | ({ readonly kind: 'own' } & OwnCertificateFiles)

export interface CertificatesDeps {
  readonly source: CertificateSource
  readonly clock: Clock
  readonly log: Log
  /** 0: only `check` looks. */
  readonly checkMs?: number
}

/** When what is served ends, ms. */
export interface CertificateEnds {
  readonly server: number
  /** undefined: the certificate is verified with public authorities. */
  readonly authority: number | undefined
}

export interface Certificates {
  current(): KeyPair
  /** PEM of what agents verify it with; undefined: public authorities. */
  authorityPem(): string | undefined
  ends(): CertificateEnds
  /** Why the last look found nothing that could be used; undefined: it went well. */
  problem(): string | undefined
  /** Called when the certificate, or what it is verified with, is another than before; one listener. */
  onChange(serve: (pair: KeyPair) => void): void
  /** Looks now, renews or reads again what must be. Never rejects; looks at once are one after another. */
  check(): Promise<void>
  close(): void
}

/** What one look found: the same as before, or something new. */
interface Found {
  readonly pair: KeyPair
  readonly authorityPem: string | undefined
}

const warnEveryMs = 24 * 3_600_000

/** Rejects as the source does when there is nothing to serve at all. `close` ends the looks. */
export async function openCertificates(deps: CertificatesDeps): Promise<Certificates> {
  const { source, clock, log } = deps
  const look = source.kind === 'local' ? await localLook(source, deps) : () => readOwnCertificate(source)
  let found: Found = await look()
  let ends = endsOf(found)
  let problem: string | undefined
  let serve: (pair: KeyPair) => void = () => {}
  let warnedAt = Number.NEGATIVE_INFINITY
  let checking = Promise.resolve()

  async function checkOnce(): Promise<void> {
    try {
      const next = await look()
      const isNew = !isDeepStrictEqual(next, found)
      found = next
      ends = endsOf(found)
      problem = undefined
      if (isNew) serve(next.pair)
      if (isNew) log.info({ names: namesOf(next.pair), until: isoTime(endOf(next.pair)) }, 'tls certificate replaced')
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== problem) log.warn({ err: error }, 'tls certificate not replaced: the one in use stays')
      problem = reason
    }
    warnOfEnds()
  }

  function warnOfEnds(): void {
    const now = clock()
    const { server, authority } = ends
    const serverWarnMs = source.kind === 'local' ? tlsRenewBeforeMs - warnEveryMs : tlsServerWarnMs
    const isNear = server - now < serverWarnMs || (authority ?? Number.POSITIVE_INFINITY) - now < tlsAuthorityWarnMs
    if (!isNear || now - warnedAt < warnEveryMs) return
    warnedAt = now
    log.warn(
      { serverUntil: isoTime(server), authorityUntil: authority === undefined ? undefined : isoTime(authority) },
      'tls certificates end: docs/osquery.md says what to do',
    )
  }

  warnOfEnds()
  const every = deps.checkMs ?? (source.kind === 'local' ? tlsLocalCheckMs : tlsFilesCheckMs)
  const check = () => (checking = checking.then(checkOnce))
  const timer = every > 0 ? setInterval(() => void check(), every) : undefined
  timer?.unref()
  return {
    current: () => found.pair,
    authorityPem: () => found.authorityPem,
    ends: () => ends,
    problem: () => problem,
    onChange: next => {
      serve = next
    },
    check,
    close: () => clearInterval(timer),
  }
}

/** The look of a lake with an authority of its own: renews what does not fit any more. */
async function localLook(source: CertificateSource & { kind: 'local' }, { clock, log }: CertificatesDeps) {
  const { folder, id, names } = source
  const authority: LocalAuthority = await openLocalAuthority(folder, id, clock())
  let pair = await readServerCertificate(folder, authority)
  return async (): Promise<Found> => {
    const facts = pair && factsOf(readCertificate(pair.certificatePem, 'it'))
    const wanted = names()
    const reason = renewalReason(facts, wanted, clock(), authority.notAfter)
    if (pair === undefined || reason !== undefined) {
      pair = await renewServerCertificate(folder, authority, wanted, clock())
      log.info({ reason, names: wanted, until: isoTime(endOf(pair)) }, 'tls certificate made')
    }
    return { pair, authorityPem: authority.pair.certificatePem }
  }
}

function endsOf({ pair, authorityPem }: Found): CertificateEnds {
  // Of several authorities in the operator's file any may be the one in use: the last to end is the hope.
  const authorities = authorityPem === undefined ? [] : certificatesIn(authorityPem).map(endOfPem)
  return { server: endOf(pair), authority: authorities.length === 0 ? undefined : Math.max(...authorities) }
}

function endOf({ certificatePem }: KeyPair): number {
  return endOfPem(certificatePem)
}

function endOfPem(pem: string): number {
  return factsOf(readCertificate(pem, 'it')).notAfter
}

function namesOf({ certificatePem }: KeyPair): readonly string[] {
  return factsOf(readCertificate(certificatePem, 'it')).names
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
