import { readFileSync } from 'node:fs'

/** The getting-started guide's statement. */
export const guideSql = readFileSync(new URL('../../test/e2e/guide-query.sql', import.meta.url), 'utf8')
