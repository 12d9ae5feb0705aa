// Owns writing a list as CSV (RFC 4180) while it is read.
// Must not hold the list.

type Cell = string | number | boolean | Date | null

export function csvStream<R extends object>(
  fileName: string,
  columns: readonly (keyof R & string)[],
  pages: () => AsyncGenerator<readonly R[]>,
): Response {
  async function* lines(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${columns.join(',')}\r\n`)
    for await (const page of pages()) {
      const text = page.map((row) => `${columns.map((column) => cell(row[column] as Cell)).join(',')}\r\n`).join('')
      yield Buffer.from(text)
    }
  }
  const source = lines()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await source.next()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      await source.return(undefined)
    },
  })
  return new Response(body, {
    headers: {
      'Content-Type': 'text/csv; charset=utf-8; header=present',
      'Content-Disposition': `attachment; filename="${fileName}"`,
    },
  })
}

function cell(value: Cell): string {
  if (value === null) return ''
  const plain = value instanceof Date ? value.toISOString() : String(value)
  // A station names itself; a spreadsheet must not take the name for a formula.
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
