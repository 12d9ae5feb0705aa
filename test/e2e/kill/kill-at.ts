// Owns killing a hub process at one exact step of its work; preloaded with --import, the hub knows nothing.
// Must not change what happens before that step.
import { Client } from 'pg'
import { WebSocket } from 'ws'
import type { KillOrder, Step } from './steps.ts'

let order: KillOrder | undefined
let left = 0

process.on('message', (message: KillOrder) => {
  order = message
  left = message.count
  process.send?.('armed')
})
// The test that watches over this hub must not be what keeps it running, and its end is the hub's, too.
process.channel?.unref()
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))

const dueAt = (step: Step): boolean => order?.step === step

function pass(step: Step, text: string): void {
  if (order?.step !== step || (order.marker !== undefined && !text.includes(order.marker))) return
  left -= 1
  // The kernel ends the process before the call returns: nothing that is still in memory gets out.
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}

interface Bind {
  values?: readonly unknown[]
}

interface Wire {
  bind(config: Bind, more?: boolean): void
}

interface Batch {
  submit(connection: Wire): void
  handleReadyForQuery(...args: unknown[]): void
}

/** The group commit is the only one that hands pg a query object of its own. */
function isBatch(query: unknown): query is Batch {
  return typeof query === 'object' && query !== null && query.constructor.name === 'StatementBatch'
}

function watchBatch(batch: Batch): void {
  const submit = batch.submit.bind(batch)
  let text = ''
  batch.submit = (connection) => {
    const bind = connection.bind
    // The batch corks the socket, so nothing has left before `submit` returns, and everything has when it does.
    connection.bind = (config, more) => {
      const value = String(config.values?.[0] ?? '')
      text += value
      pass('before-write', value)
      bind.call(connection, config, more)
    }
    try {
      submit(connection)
    } finally {
      connection.bind = bind
    }
    pass('written', text)
  }
  const ready = batch.handleReadyForQuery.bind(batch)
  batch.handleReadyForQuery = (...args) => {
    pass('committed', text)
    ready(...args)
  }
}

function statementOf(query: unknown): string {
  if (typeof query === 'string') return query
  return typeof query === 'object' && query !== null && 'text' in query ? String(query.text) : ''
}

const query = Client.prototype.query as (...args: unknown[]) => unknown
Client.prototype.query = function watched(this: Client, ...args: unknown[]) {
  const [what] = args
  if (isBatch(what)) watchBatch(what)
  if (!dueAt('before-commit') && !dueAt('after-commit')) return query.apply(this, args)
  if (!/^commit$/i.test(statementOf(what).trim())) return query.apply(this, args)
  pass('before-commit', '')
  const result = query.apply(this, args)
  if (result instanceof Promise) {
    return result.then((value: unknown) => {
      pass('after-commit', '')
      return value
    })
  }
  return result
} as typeof Client.prototype.query

const emit = WebSocket.prototype.emit
WebSocket.prototype.emit = function watched(this: WebSocket, name: string | symbol, ...args: unknown[]) {
  if (name === 'message' && dueAt('received')) pass('received', String(args[0]))
  return emit.call(this, name, ...args)
}

const send = WebSocket.prototype.send
WebSocket.prototype.send = function watched(this: WebSocket, ...args: Parameters<WebSocket['send']>) {
  pass('before-reply', String(args[0]))
  send.apply(this, args)
  // An uncompressed frame is handed to the kernel before `send` returns.
  pass('replied', String(args[0]))
} as typeof WebSocket.prototype.send
