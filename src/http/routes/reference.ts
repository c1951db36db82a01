import type { AppDependencies } from '../dependencies.ts'
import { docsPage } from '../docs-page.ts'
import type { App } from '../instance.ts'
import { openApiDocument } from '../openapi.ts'
import { publicAccess } from '../route-access.ts'

// The reference of the API, for programs and for people. It says nothing of any tenant, so anybody may read it.

export function referenceRoutes(app: App, { version }: Pick<AppDependencies, 'version'>): void {
  const config = { access: publicAccess }
  const schemaOf = (summary: string, type: string) => ({ summary, responseTypes: [type] })

  /** Made at the first request: only then are all routes known. */
  let made: { readonly json: string; readonly page: ReturnType<typeof docsPage> } | undefined
  const reference = () => {
    if (made === undefined) {
      const document = openApiDocument(app.routeList, version)
      made = { json: JSON.stringify(document), page: docsPage(document) }
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
      const { html, contentSecurityPolicy } = reference().page
      reply.headers({ 'content-security-policy': contentSecurityPolicy, 'referrer-policy': 'no-referrer' })
      return reply.type('text/html; charset=utf-8').send(html)
    },
  )
}
