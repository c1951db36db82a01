import { functionCatalogue } from '../../src/sql/functions.ts'

// The function table of docs/sql.md, made from the catalogue: write-function-table.ts beside this file writes it anew,
// and a test fails where the page differs.

export const tableStart = '<!-- functions: written by scripts/trino/write-function-table.ts -->'
export const tableEnd = '<!-- end of functions -->'

/** The lines between the two marks. */
export function functionTable(): string {
  const working = functionCatalogue.filter(entry => entry.how !== 'refused')
  const refused = functionCatalogue.filter(entry => entry.how === 'refused')
  const rows = working.map(({ name, kind, signatures }) => {
    const forms = signatures.slice(0, 3).map(text => `\`${text.replaceAll('|', '\\|')}\``)
    return `| \`${name}\` | ${kind} | ${forms.join(' ')}${signatures.length > 3 ? ' …' : ''} |`
  })
  const missing = refused.map(({ name, reason }) => `| \`${name}\` | ${reason} |`)
  const share = ((working.length / functionCatalogue.length) * 100).toFixed(1)
  return `${working.length} of ${functionCatalogue.length} functions of Trino work (${share} %).

| function | kind | forms |
|---|---|---|
${rows.join('\n')}

Refused, with what to write instead:

| function | why |
|---|---|
${missing.join('\n')}
`
}
