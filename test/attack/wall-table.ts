// Which wall stopped what: one line a class, one column a way to end.

export class WallTable {
  readonly #counts = new Map<string, Map<string, number>>()

  count(kind: string, end: string): void {
    const ends = this.#counts.get(kind) ?? new Map<string, number>()
    ends.set(end, (ends.get(end) ?? 0) + 1)
    this.#counts.set(kind, ends)
  }

  toString(): string {
    const ends = [...new Set([...this.#counts.values()].flatMap(counts => [...counts.keys()]))].sort()
    const rows = [...this.#counts].map(([kind, counts]) => [kind, ...ends.map(end => String(counts.get(end) ?? 0))])
    const sums = ends.map((_, index) => rows.reduce((sum, row) => sum + Number(row[index + 1]), 0))
    return [['class', ...ends], ...rows, ['all', ...sums.map(String)]].map(row => `| ${row.join(' | ')} |`).join('\n')
  }
}
