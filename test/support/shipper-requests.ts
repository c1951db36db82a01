import { gzipSync } from 'node:zlib'

// Requests as log shippers make them, each carrying the same lines: what their documentation and sources say of path,
// headers, encoding and the record around a line. Fluent Bit: `out_http`, `out_splunk`; Vector: the sinks `http` and
// `splunk_hec_logs`; rsyslog: `omhttp`; Logstash: the output `http`; syslog-ng: its destination `http()`.

export interface ShipperRequest {
  readonly name: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Sent with `Transfer-Encoding: chunked`. */
  readonly isChunked?: boolean
}

const ndjsonPath = '/lake/v1/ingest/osquery'
const hecPath = '/services/collector/event'
const json = { 'content-type': 'application/json' }
const ndjson = { 'content-type': 'application/x-ndjson' }
const gzip = { 'content-encoding': 'gzip' }
const channel = '4b0dfb3e-8d86-4b38-9ef5-0a1c9f0d3d62'

/** Every request carries `linesOf(name)`; `token` is an ingest token. */
export function shipperRequests(
  token: string,
  linesOf: (name: string) => readonly string[],
): readonly ShipperRequest[] {
  const bearer = { authorization: `Bearer ${token}` }
  const splunk = { authorization: `Splunk ${token}` }
  const request = (
    name: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    write: (lines: readonly string[]) => string,
    isChunked = false,
  ): ShipperRequest => {
    const text = write(linesOf(name))
    const body = headers['content-encoding'] === 'gzip' ? gzipSync(text) : Buffer.from(text)
    return { name, path, headers, body, isChunked }
  }
  const fluentBit = { ...bearer, 'user-agent': 'Fluent-Bit' }
  const vector = { ...bearer, 'user-agent': 'Vector/0.49.0 (x86_64-unknown-linux-gnu)', 'accept-encoding': 'zstd,gzip' }
  const vectorHec = { ...splunk, ...json, 'user-agent': vector['user-agent'], 'x-splunk-request-channel': channel }
  const logRecord = (line: string, at: number) => `{"date":177010649${at}.12345,"log":${JSON.stringify(line)}}`
  const messageRecord = (line: string) =>
    `{"file":"/var/log/osquery/osqueryd.results.log","host":"shipper-7","message":${JSON.stringify(line)},` +
    '"source_type":"file","timestamp":"2026-02-03T08:14:55.628Z"}'
  const logstashRecord = (line: string) =>
    `{"@timestamp":"2026-02-03T08:14:55.628Z","@version":"1","event":{"original":${JSON.stringify(line)}},` +
    `"host":{"name":"shipper-7"},"log":{"file":{"path":"/x"}},"message":${JSON.stringify(line)}}`
  return [
    request('fluent-bit json', ndjsonPath, { ...fluentBit, ...json, ...gzip }, lines => `[${lines.map(logRecord)}]`),
    request('fluent-bit json_stream', ndjsonPath, { ...fluentBit, ...json }, lines => lines.map(logRecord).join('')),
    request('fluent-bit json_lines', ndjsonPath, { ...fluentBit, ...ndjson }, lines => lines.map(logRecord).join('\n')),
    // With a JSON parser on the tail and `json_date_key false`: the line's own members.
    request('fluent-bit parsed', ndjsonPath, { ...fluentBit, ...json }, lines => `[${lines}]`),
    request('fluent-bit splunk', hecPath, { ...splunk, 'user-agent': 'Fluent-Bit', ...gzip }, lines =>
      lines.map((line, at) => `{"time":177010649${at}.5,"event":{"log":${JSON.stringify(line)}}}`).join(''),
    ),
    request('fluent-bit splunk basic', hecPath, { authorization: basic(token) }, lines =>
      lines.map((line, at) => `{"time":177010649${at}.5,"host":"s","event":${JSON.stringify(line)}}`).join(''),
    ),
    request('vector http text', ndjsonPath, { ...vector, 'content-type': 'text/plain', ...gzip }, lines =>
      lines.map(line => `${line}\n`).join(''),
    ),
    request('vector http json', ndjsonPath, { ...vector, ...json }, lines => `[${lines.map(messageRecord)}]`),
    request('vector http ndjson', ndjsonPath, { ...vector, ...ndjson, ...gzip }, lines =>
      lines.map(line => `${messageRecord(line)}\n`).join(''),
    ),
    request('vector hec json', hecPath, { ...vectorHec, ...gzip }, lines =>
      lines
        .map(line => `{"event":${messageRecord(line)},"fields":{},"time":1770106495.628,"host":"shipper-7"}`)
        .join(''),
    ),
    request('vector hec text', hecPath, vectorHec, lines =>
      lines.map(line => `{"event":${JSON.stringify(line)},"fields":{},"time":1770106495.628}`).join(''),
    ),
    request('vector hec raw', `/services/collector/raw?sourcetype=osquery&host=s`, vectorHec, lines =>
      lines.map(line => `${line}\n`).join(''),
    ),
    request('rsyslog newline', ndjsonPath, { ...bearer, ...json, expect: '' }, lines => lines.join('\n')),
    request('rsyslog jsonarray', ndjsonPath, { ...bearer, ...json, ...gzip }, lines => `[${lines.join(', ')}]`),
    request('logstash json_batch', ndjsonPath, { ...bearer, ...json }, lines => `[${lines.map(logstashRecord)}]`),
    request('syslog-ng', ndjsonPath, { ...bearer, 'user-agent': 'syslog-ng 3.38.1' }, lines => lines.join('\n'), true),
    request('splunk-library', hecPath, splunk, lines =>
      lines
        .map(line => JSON.stringify({ time: '1770106495.628', event: JSON.parse(line), source: 's' }))
        .join('\r\n\r\n'),
    ),
  ]
}

function basic(token: string): string {
  return `Basic ${Buffer.from(`fluent:${token}`).toString('base64')}`
}

/** Sends it; resolves with the status and the body's JSON. */
export async function send(url: string, { path, headers, body, isChunked }: ShipperRequest) {
  const sent = Object.entries(headers).filter(([, value]) => value !== '')
  const bytes = new Uint8Array(body)
  const stream = new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 100) controller.enqueue(bytes.subarray(at, at + 100))
      controller.close()
    },
  })
  const streamed = { body: stream, duplex: 'half' } as const
  const answer = await fetch(url + path, { method: 'POST', headers: sent, ...(isChunked ? streamed : { body: bytes }) })
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
}
