import type { AppDependencies } from '../dependencies.ts'
import { docsPage } from '../docs-page.ts'
import type { App } from '../instance.ts'
import { openApiDocument } from '../openapi.ts'
import { publicAccess } from '../route-access.ts'

// The reference of the API, for programs and for people. It says nothing of any tenant, so anybody may read it.

export function referenceRoutes(app: App, { version }: Pick<AppDependencies, 'version'>): void {
  const config = { access: publicAccess }
  const schemaOf = (summary: string, type: string) => ({ summary, responseTypes: [type] })

  /** Made at the first request, in bytes, as it is sent: only then are all routes known. */
  let made: { readonly json: Buffer; readonly html: Buffer; readonly contentSecurityPolicy: string } | undefined
  const reference = () => {
    if (made === undefined) {
      const document = openApiDocument(app.routeList, version)
      const { html, contentSecurityPolicy } = docsPage(document)
      made = { json: Buffer.from(JSON.stringify(document)), html: Buffer.from(html), contentSecurityPolicy }
    }
    return made
  }

  app.get('/openapi.json', { config, schema: { summary: 'This reference' } }, async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(reference().json),
  )

  app.get(
    '/docs',
    { config, schema: schemaOf('This reference as a page', 'text/html; charset=utf-8') },
    async (_request, reply) => {
      const { html, contentSecurityPolicy } = reference()
      reply.headers({ 'content-security-policy': contentSecurityPolicy, 'referrer-policy': 'no-referrer' })
      return reply.type('text/html; charset=utf-8').send(html)
    },
  )
}
