import { Agent, request } from 'node:https'

export interface HttpsAnswer {
  readonly status: number
  readonly text: string
}

export interface HttpsCall {
  /** PEM of the only authority that is trusted. */
  readonly ca: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Keeps the connection for the next call; without it each call has its own. */
  readonly agent?: Agent
}

/** One call over TLS; `fetch` cannot be told whom to trust. */
export function httpsCall(url: string | URL, { ca, body, agent, ...options }: HttpsCall): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, ca, agent: agent ?? new Agent({ keepAlive: false }) }, answer => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
