import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openStore } from '../src/db/db.ts'
import { insertTenant } from '../src/db/tenants.ts'
import { openConfigurations } from '../src/fleet/configurations.ts'
import type { Host } from '../src/model/host.ts'
import { newId } from '../src/model/ids.ts'
import { startServer } from '../test/support/server.ts'
import { newTenant } from '../test/support/test-app.ts'
import { connect } from '../test/support/xdr-client.ts'
import { count, type Figure, machine, milliseconds, otherWork, quantile, table } from './support/report.ts'
import { atRate, requestBytes } from './support/requests.ts'

// What a host's configuration costs when all of a large fleet ask for theirs: the function alone over 10,000 hosts of
// three platforms with labels and shards, warm and right after a change; and the route of a server beside it, where
// hosts ask at five times the rate of 10,000 a minute.
//
//   npm run bench -- configurations [--hosts=10000] [--labels=20] [--rate=850] [--seconds=20]

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '10000' },
    labels: { type: 'string', default: '20' },
    rate: { type: 'string', default: '850' },
    seconds: { type: 'string', default: '20' },
  },
})
const hostCount = Number(values.hosts)
const labelCount = Number(values.labels)
const perSecond = Number(values.rate)
const seconds = Number(values.seconds)
const askingAtOnce = 50
const targetMs = 10

const scheduled = (name: string, shard?: number) => ({
  query: `SELECT '${name}' AS label, pid, name, path, cmdline FROM processes WHERE name LIKE '%${name}%'`,
  interval: 600,
  ...(shard === undefined ? {} : { shard }),
})

function configurationOf(label: string): Record<string, unknown> {
  const names = Array.from({ length: 20 }, (_, index) => `${label}_${index}`)
  return {
    schedule: Object.fromEntries(names.map((name, index) => [name, scheduled(name, [10, 50][index])])),
  }
}

async function inProcess(): Promise<readonly Figure[]> {
  const store = openStore(':memory:')
  const tenantId = newId()
  await insertTenant(store, newTenant(1, { id: tenantId }))
  const configurations = openConfigurations({ store })
  const save = (label: string, config: Record<string, unknown>) =>
    configurations.put({ tenantId, label, layer: { config }, comment: '', createdAt: 1, createdBy: 'bench' })
  for (let index = 0; index < labelCount; index += 1) await save(`label_${index}`, configurationOf(`label_${index}`))
  await save('all', configurationOf('all'))
  const platforms = ['windows', 'ubuntu', 'darwin']
  const asking = Array.from({ length: hostCount }, (_, index) => {
    const platform = platforms[index % 3] as string
    const family = { windows: 'windows', ubuntu: 'linux', darwin: 'macos' }[platform] as string
    const host: Host = {
      ...{ id: newId(), tenantId, hostIdentifier: `host-${index}`, hardwareUuid: undefined, createdAt: 1 },
      ...{ lastSeenAt: 1, enrolledAt: 1, facts: { platform } },
    }
    return { host, labels: ['all', family, `label_${index % labelCount}`] }
  })
  const askAll = async () => {
    const taken: number[] = []
    let bytes = 0
    for (const { host, labels } of asking) {
      const startedAt = performance.now()
      const { text } = await configurations.configFor(host, labels)
      taken.push((performance.now() - startedAt) * 1_000)
      bytes += text.length
    }
    return { taken, bytes }
  }
  await save('all', { ...configurationOf('all'), options: { verbose: false } })
  const first = await askAll()
  const warm = await askAll()
  await store.destroy()
  const microseconds = (value: number) => `${value.toFixed(1)} µs`
  const noted = `${count(hostCount)} hosts, ${labelCount} labels with a configuration, 3 platforms, shards of 10 and 50`
  const figure = (name: string, { taken }: { taken: readonly number[] }): Figure => ({
    name,
    value: `${microseconds(quantile(taken, 0.5))} / ${microseconds(quantile(taken, 0.99))} / ${microseconds(Math.max(...taken))}`,
    ...{ beside: '', note: `median / p99 / longest; ${noted}` },
  })
  return [
    figure('configuration of a host, right after a change', first),
    figure('the same, warm', warm),
    {
      ...{ name: 'configuration of a host, size', value: `${count(warm.bytes / hostCount)} bytes` },
      ...{ beside: '', note: 'mean' },
    },
  ]
}

/** What the process has used of processors so far; Linux only (proc(5): fields 14 and 15, hundredths of a second). */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function overHttp(): Promise<readonly Figure[]> {
  await using server = await startServer()
  const client = await connect(server.firstRun)
  const headers = { authorization: `Bearer ${client.token}`, 'x-tenant-id': client.tenantId }
  for (const label of ['all', 'linux']) {
    const body = JSON.stringify({ configuration: configurationOf(label) })
    const saved = await fetch(`${server.url}/lake/v1/configurations/${label}`, { method: 'PUT', headers, body })
    if (saved.status !== 200) throw new Error(await saved.text())
  }
  const requests: Buffer[] = []
  for (let index = 0; index < askingAtOnce; index += 1) {
    const enrolled = await fetch(`${server.url}/osquery/v1/enroll`, {
      method: 'POST',
      body: JSON.stringify({
        ...{ enroll_secret: server.firstRun.enrollSecret, host_identifier: newId(), platform_type: '9' },
        host_details: { os_version: { platform: 'ubuntu' }, system_info: { uuid: newId(), hostname: `host-${index}` } },
      }),
    })
    const key = JSON.stringify({ node_key: ((await enrolled.json()) as { node_key: string }).node_key })
    requests.push(requestBytes(server.url, 'POST', '/osquery/v1/config', { 'content-type': 'application/json' }, key))
  }
  const busyBefore = processorSeconds(server.pid)
  const answers = await Promise.all(
    requests.map(request =>
      atRate(server.url, request, { perSecond: perSecond / askingAtOnce, seconds, connections: 1 }),
    ),
  )
  const busy = processorSeconds(server.pid) - busyBefore
  const all = answers.flat()
  const failed = all.filter(({ status }) => status !== 200).length
  const ms = all.map(answer => answer.ms)
  return [
    {
      name: 'POST /osquery/v1/config',
      value: `${milliseconds(quantile(ms, 0.5))} / ${milliseconds(quantile(ms, 0.99))}`,
      beside: `${targetMs} ms wanted of p99`,
      note: `median / p99 at ${count(perSecond)}/s for ${seconds} s, ${count(all.length)} answers, ${failed} not 200`,
    },
    {
      ...{ name: 'processor time of an answer', value: milliseconds((busy * 1_000) / all.length), beside: '' },
      note: `of the server's process: ${count((all.length / busy) * 60)} hosts a core that ask every minute`,
    },
  ]
}

process.stdout.write(`${machine()}; ${otherWork()}\n\n`)
process.stdout.write(`${table([...(await inProcess()), ...(await overHttp())])}\n`)
