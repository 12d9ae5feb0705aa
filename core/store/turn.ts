// Owns sending all that a transaction asks for in one turn of the event loop in one write, and giving each statement its rows.
// Must not begin, end or repeat a transaction; statements keep the order in which they were asked for.
import type { Connection, PoolClient, Submittable } from 'pg'
import { prepareValue } from 'pg/lib/utils.js'
import { prepareOnce } from './statement-batch.ts'

export interface StatementResult {
  /** The first word of what the server answered, as `SELECT` or `COMMIT`. */
  command: string
  rowCount: number
  rows: Record<string, unknown>[]
}

interface Asked {
  /** Of a statement that each connection plans once. */
  name: string | undefined
  text: string
  values: unknown[]
  resolve: (result: StatementResult) => void
  reject: (error: unknown) => void
}

export interface Turns {
  /** Goes out at the end of the turn. Without values it may be several commands in one text. */
  ask(text: string, values: readonly unknown[], name?: string): Promise<StatementResult>
  /** Goes out with whatever is asked for next. */
  askWithNext(text: string): void
}

const control = /^(begin|commit|rollback|start transaction[a-z ]*)$/

/**
 * A round trip costs both sides more than most statements do. What is asked for in one turn, as by `Promise.all`, shares one: the
 * statements go out as one pipeline that ends with a single Sync. When one fails, those after it do not run and fail with it.
 */
export function turnsOn(client: PoolClient): Turns {
  let asked: Asked[] = []
  let scheduled = false
  let sent = false
  const planned = new Map<string, string>()

  function schedule(): void {
    if (scheduled || sent) return
    scheduled = true
    // After every microtask: all that is asked for side by side is there by then.
    process.nextTick(() => {
      scheduled = false
      void send()
    })
  }

  async function send(): Promise<void> {
    const turn = asked
    asked = []
    sent = true
    // Only the server's simple protocol takes several commands in one text, and it takes no values.
    const simple = turn.some(({ text, values }) => values.length === 0 && !control.test(text))
    for (const part of simple ? turn.map((one) => [one]) : [turn]) await sendPart(part)
    sent = false
    if (asked.length > 0) schedule()
  }

  async function sendPart(part: readonly Asked[]): Promise<void> {
    const [first] = part
    if (first === undefined) return
    if (part.length > 1 || first.values.length > 0) {
      await new Promise<void>((over) => client.query(new Turn(client, planned, part, over)))
      return
    }
    const answer = client.query(first.text)
    await answer.then(
      ({ command, rowCount, rows }) => first.resolve({ command, rowCount: rowCount ?? 0, rows }),
      first.reject,
    )
  }

  return {
    ask: (text, values, name) =>
      new Promise((resolve, reject) => {
        // A value that cannot be sent fails here, before anything of its turn has left.
        const sendable = values.map((value) => prepareValue(value))
        // A name of its own: the client prepares marked statements outside of transactions by theirs.
        asked.push({ name: name && `${name} in turn`, text, values: sendable, resolve, reject })
        schedule()
      }),
    askWithNext(text) {
      // What it fails with, the statements after it fail with.
      asked.push({ name: undefined, text, values: [], resolve: () => undefined, reject: () => undefined })
    },
  }
}

interface Fields {
  names: string[]
  parsers: ((text: string) => unknown)[]
}

/** The part of pg's query interface that its client calls (lib/client.js, 8.23), as in statement-batch.ts. */
class Turn implements Submittable {
  readonly #client: PoolClient
  readonly #planned: Map<string, string>
  readonly #asked: readonly Asked[]
  readonly #over: () => void
  /** Of those that have run: what came, or why a row of it could not be read. */
  readonly #outcomes: (StatementResult | { unread: unknown })[] = []
  #fields: Fields = { names: [], parsers: [] }
  #rows: Record<string, unknown>[] = []
  /** Of the statement that runs. */
  #unread: unknown
  #failed = false

  constructor(client: PoolClient, planned: Map<string, string>, asked: readonly Asked[], over: () => void) {
    this.#client = client
    this.#planned = planned
    this.#asked = asked
    this.#over = over
  }

  submit(connection: Connection): void {
    connection.stream.cork()
    try {
      for (const { name, text, values } of this.#asked) {
        if (name === undefined) connection.parse({ name: '', text } as Parameters<Connection['parse']>[0], true)
        else prepareOnce(connection, this.#planned, name, text)
        connection.bind({ portal: '', statement: name ?? '', values } as Parameters<Connection['bind']>[0], true)
        connection.describe({ type: 'P', name: '' }, true)
        connection.execute({ portal: '' }, true)
      }
      connection.sync()
    } finally {
      connection.stream.uncork()
    }
  }

  handleRowDescription({
    fields,
  }: {
    fields: { name: string; dataTypeID: number; format: 'text' | 'binary' }[]
  }): void {
    this.#fields = {
      names: fields.map(({ name }) => name),
      parsers: fields.map(
        ({ dataTypeID, format }) => this.#client.getTypeParser(dataTypeID, format) as (text: string) => unknown,
      ),
    }
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    if (this.#unread !== undefined) return
    const { names, parsers } = this.#fields
    const row: Record<string, unknown> = {}
    try {
      for (const [i, text] of fields.entries()) row[names[i] as string] = text === null ? null : parsers[i]?.(text)
      this.#rows.push(row)
    } catch (error) {
      this.#unread = error
    }
  }

  handleCommandComplete({ text }: { text: string }): void {
    const words = text.split(' ')
    const result = { command: words[0] ?? '', rowCount: Number(words.at(-1)) || 0, rows: this.#rows }
    this.#outcomes.push(this.#unread === undefined ? result : { unread: this.#unread })
    this.#rows = []
    this.#unread = undefined
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' })
  }

  handleError(error: Error): void {
    if (this.#failed) return
    this.#failed = true
    // A plan that the database outgrew (a migration by another hub), or that a pooler lost, is made anew next time.
    for (const { name } of this.#asked) if (name !== undefined) this.#planned.delete(name)
    this.#settle(error)
  }

  handleReadyForQuery(): void {
    if (this.#failed) return
    for (const { name, text } of this.#asked) if (name !== undefined) this.#planned.set(name, text)
    this.#settle(new Error('the server left a statement unanswered'))
  }

  handlePortalSuspended(): void {}

  #settle(error: Error): void {
    for (const [i, { resolve, reject }] of this.#asked.entries()) {
      const outcome = this.#outcomes[i]
      if (outcome === undefined) reject(error)
      else if ('unread' in outcome) reject(outcome.unread)
      else resolve(outcome)
    }
    this.#over()
  }
}
