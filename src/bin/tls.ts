import { hostname } from 'node:os'
import { join } from 'node:path'
import { Gauge, type Registry } from 'prom-client'
import type { Config } from '../config.ts'
import type { HealthCheck } from '../http/dependencies.ts'
import type { App } from '../http/instance.ts'
import { type TlsListener, tlsListener } from '../http/tls-listener.ts'
import { handshakeMsMax } from '../limits.ts'
import type { Clock } from '../model/clock.ts'
import { AppError, systemErrorCode } from '../model/errors.ts'
import { newId } from '../model/ids.ts'
import type { Log } from '../model/log.ts'
import { formatServerName } from '../model/server-name.ts'
import { type AgentDoor, findAgentDoor, type OwnListener } from '../osquery/agent-files/agent-door.ts'
import { type CertificateSource, type Certificates, openCertificates } from '../tls/certificates.ts'
import { factsOf, readCertificate } from '../tls/key-pair.ts'
import { readAuthority } from '../tls/own-certificate.ts'
import { readIfThere, writePrivately } from '../tls/private-file.ts'
import { machineNames, serverNames } from '../tls/server-names.ts'
import { connectionsMax } from './open-files.ts'

// Wires certificates and the TLS listener, and knows what agents are told about both.

export interface TlsDeps {
  readonly config: Config
  /** The data directory. */
  readonly root: string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
}

export interface Tls {
  /** Before the app is ready. */
  attach(app: App): void
  /** Where agents are told to go; undefined: nowhere. Before `listen`, too. */
  door(): AgentDoor | undefined
  /** Resolves with what to say about it; undefined where there is no listener. Rejects where the port is taken. */
  listen(): Promise<{ readonly tlsUrl: string; readonly caFile: string | undefined } | undefined>
  health(): HealthCheck | undefined
  /** Looks at once whether there is another certificate to serve. */
  reload(): void
  close(): void
}

const dayMs = 24 * 3_600_000

/** Rejects with one sentence where certificates cannot be used. */
export async function openTls(deps: TlsDeps): Promise<Tls> {
  const { config } = deps
  const proxyAuthorityPem = await readProxyAuthority(config)
  if (config.tlsPort === 'off') {
    return {
      attach: () => {},
      door: () => findAgentDoor({ listener: undefined, ...doorFacts(config), proxyAuthorityPem }),
      listen: async () => undefined,
      health: () => undefined,
      reload: () => {},
      close: () => {},
    }
  }
  return openListener(deps, config.tlsPort, proxyAuthorityPem)
}

async function openListener(deps: TlsDeps, wantedPort: number, proxyAuthorityPem: string | undefined): Promise<Tls> {
  const { config, root, clock, log, metrics } = deps
  const certificates = await openCertificates({ source: sourceOf(config, root), clock, log })
  const caFile = join(root, 'ca.pem')
  await keepAuthorityFile(caFile, certificates.authorityPem())
  measureDaysLeft(metrics, certificates, clock)
  let listener: TlsListener | undefined
  let port = wantedPort
  const own = (): OwnListener => ({
    ...{ address: config.tlsHost, port, authorityPem: certificates.authorityPem() },
    names: namesOf(certificates),
  })
  return {
    attach(app) {
      const attached = tlsListener(app, {
        ...{ pem: certificates.current(), clock, log, metrics, handshakeMsMax, connectionsMax: connectionsMax() },
      })
      listener = attached
      certificates.onChange(pair => {
        attached.serve(pair)
        keepAuthorityFile(caFile, certificates.authorityPem()).catch((error: unknown) =>
          log.warn({ err: error }, 'ca.pem not written'),
        )
      })
    },
    door: () => findAgentDoor({ listener: own(), ...doorFacts(config), proxyAuthorityPem }),
    async listen() {
      if (listener === undefined) throw new AppError('internal', 'the TLS listener is not attached')
      port = await listenOn(listener, config.tlsHost, wantedPort)
      const { host } = findAgentDoor({
        listener: own(),
        ...doorFacts(config),
        publicUrl: undefined,
        proxyAuthorityPem,
      })!
      const tlsUrl = `https://${formatServerName(host, port)}`
      return { tlsUrl, caFile: certificates.authorityPem() === undefined ? undefined : caFile }
    },
    health: () => healthOf(certificates, clock()),
    reload: () => void certificates.check(),
    close: () => certificates.close(),
  }
}

function doorFacts({ tlsNames, publicUrl }: Config) {
  return { tlsNames, publicUrl, hostname: hostname() }
}

function hasOwnCertificate({ tlsCertFile, tlsKeyFile }: Config): boolean {
  return tlsCertFile !== undefined || tlsKeyFile !== undefined
}

function sourceOf(config: Config, root: string): CertificateSource {
  const { tlsCertFile: certificateFile, tlsKeyFile: keyFile, tlsNames = [] } = config
  if (certificateFile !== undefined && keyFile !== undefined) {
    return { kind: 'own', certificateFile, keyFile, authorityFile: config.tlsAuthorityFile, names: tlsNames }
  }
  if (hasOwnCertificate(config)) {
    throw new AppError('invalid_argument', '--tls-cert and --tls-key go together: give both, or neither')
  }
  const names = () => serverNames(tlsNames, machineNames())
  return { kind: 'local', folder: join(root, 'private'), id: newId().slice(0, 8), names }
}

/** `--tls-ca` without `--tls-cert` is for the certificate of a proxy. */
async function readProxyAuthority(config: Config): Promise<string | undefined> {
  const { tlsAuthorityFile, publicUrl } = config
  if (tlsAuthorityFile === undefined || hasOwnCertificate(config)) return undefined
  if (publicUrl?.startsWith('https:') !== true) {
    throw new AppError('invalid_argument', '--tls-ca is for --tls-cert, or for a proxy with an https --public-url')
  }
  return readAuthority(tlsAuthorityFile)
}

/** For people and their programs: `curl --cacert DIR/ca.pem`. */
async function keepAuthorityFile(file: string, pem: string | undefined): Promise<void> {
  if (pem !== undefined && (await readIfThere(file)) !== pem) await writePrivately(file, pem)
}

function namesOf(certificates: Certificates): readonly string[] {
  return factsOf(readCertificate(certificates.current().certificatePem, 'it')).names
}

async function listenOn(listener: TlsListener, host: string, port: number): Promise<number> {
  try {
    return (await listener.listen(host, port)).port
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'EADDRINUSE') {
      const message = `port ${port} on ${host} is taken: choose another with --tls-port, or --tls-port off`
      throw new AppError('conflict', message, { cause: error })
    }
    throw new AppError('unavailable', `cannot listen on ${host} port ${port} (${code})`, { cause: error })
  }
}

function healthOf(certificates: Certificates, now: number): HealthCheck {
  const { server, authority } = certificates.ends()
  const days = (end: number) => Math.floor((end - now) / dayMs)
  const problem = certificates.problem()
  const detail = [
    `certificate ${days(server)} days left`,
    ...(authority === undefined ? [] : [`authority ${days(authority)} days left`]),
  ].join(', ')
  const isOk = server > now && (authority === undefined || authority > now)
  if (problem === undefined) return { name: 'tls', isOk, detail }
  // The reason names files of the machine.
  return { name: 'tls', isOk, detail: `${detail}, not replaced: see the log`, operatorDetail: `${detail}; ${problem}` }
}

function measureDaysLeft(metrics: Registry, certificates: Certificates, clock: Clock): void {
  new Gauge({
    name: 'edr_lake_tls_certificate_days_left',
    help: 'days until what the TLS listener serves ends: its certificate, and the authority that agents verify it with',
    labelNames: ['certificate'] as const,
    registers: [metrics],
    collect() {
      const { server, authority } = certificates.ends()
      this.set({ certificate: 'server' }, (server - clock()) / dayMs)
      if (authority !== undefined) this.set({ certificate: 'authority' }, (authority - clock()) / dayMs)
    },
  })
}
