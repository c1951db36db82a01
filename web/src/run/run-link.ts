// A run's address in the console: `#run=<id>&tenant=<id>`. Ids are no secrets; whoever follows it signs in first.

export interface LinkTarget {
  readonly runId: string
  readonly tenantId: string | undefined
}

const idPattern = /^[0-9a-f-]{36}$/i

export function runLink(runId: string, tenantId: string): string {
  return `#${new URLSearchParams({ run: runId, tenant: tenantId })}`
}

export function linkTarget(hash: string): LinkTarget | undefined {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''))
  const [run, tenant] = [parameters.get('run'), parameters.get('tenant')]
  if (run === null || !idPattern.test(run)) return undefined
  return { runId: run, tenantId: tenant !== null && idPattern.test(tenant) ? tenant : undefined }
}
